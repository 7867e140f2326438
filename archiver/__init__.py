"""The archive itself: accounts, captures, records, evidence. It knows nothing of search or of the clerk's pages."""

__version__ = "0.1.0"
