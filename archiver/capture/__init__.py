"""Captures: one run over one stream of one account, from the request to the committed records."""
