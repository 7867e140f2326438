"""Writing records: one page of a walk, its exchanges, its cursor and the outbox in one transaction."""

from archiver.records.store.context import CaptureContext, FenceLost, Located, PageResult
from archiver.records.store.page import save_page, save_pages
from archiver.records.store.ready import Ready, ready

__all__ = ["CaptureContext", "FenceLost", "Located", "PageResult", "Ready", "ready", "save_page", "save_pages"]
