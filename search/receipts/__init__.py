"""Search receipts: a search as it was made, kept so that it can be shown to others and run again."""
