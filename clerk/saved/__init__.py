"""Searches that people keep: their own, those shared with all, and the nightly e-mail that tells what is new."""
