"""A clerk's query: understood, put into a sentence, put to Elasticsearch."""

from search.query.model import Hit, Part, SearchRequest, SearchResult, Sort
from search.query.run import search

__all__ = ["Hit", "Part", "SearchRequest", "SearchResult", "Sort", "search"]
