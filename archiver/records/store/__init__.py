"""Writing records: one page of a walk, its exchanges, its cursor and the outbox in one transaction."""

from archiver.records.store.context import CaptureContext, FenceLost, Located, PageResult
from archiver.records.store.page import save_page, save_pages

__all__ = ["CaptureContext", "FenceLost", "Located", "PageResult", "save_page", "save_pages"]
