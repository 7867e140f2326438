"""The records: append-only versions and states in Postgres, and what reads and writes them."""
