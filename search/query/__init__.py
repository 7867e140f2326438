"""A clerk's query: understood, put into a sentence, put to Elasticsearch."""

from search.query.model import Hit, Limits, Part, SearchRequest, SearchResult, Sort
from search.query.run import count, search

__all__ = ["Hit", "Limits", "Part", "SearchRequest", "SearchResult", "Sort", "count", "search"]
