"""The tables of the archive (SQLAlchemy 2 typed models). `append_only` names those Postgres itself keeps from change."""

from archiver.records.models.accounts import Account, AccountHandle, Gap, Stream, StreamState, SubCursor
from archiver.records.models.base import Base, uuid7
from archiver.records.models.capture import Capture, Completeness, Exchange, WarcFile, WarcRecord
from archiver.records.models.exports import Export
from archiver.records.models.items import (
    Item,
    ItemAlias,
    ItemSecret,
    ItemState,
    Medium,
    Observation,
    Party,
    Sighting,
    Version,
    VersionMedium,
)
from archiver.records.models.lists import ListChange, ListFailure, ListSnapshot
from archiver.records.models.log import FixityCheck, LogLeaf, LogNode, LogOutboxRow, LogRoot
from archiver.records.models.operations import AuditRow, Grant, OutboxRow, User, UserSession
from archiver.records.models.receipts import Receipt
from archiver.records.models.saved import SavedChange, SavedRun, SavedSearch, SavedTold
from archiver.records.models.supervision import CaptureRequest, CoverageRow, Moderation
from archiver.records.models.tags import Note, Tag, TagEvent
from archiver.records.models.thumbnails import Thumbnail
from archiver.records.models.tokens import AccountToken, Allowance, TokenCheck

append_only = (
    "versions",
    "version_media",
    "exchanges",
    "states",
    "stream_states",
    "observations",
    "completeness",
    "audit",
    "token_checks",
    "coverage",
    "moderation",
    "list_snapshots",
    "list_changes",
    "list_failures",
    "log_leaves",
    "log_nodes",
    "log_roots",
    "fixity_checks",
    "receipts",
    "grants",
    "saved_searches",
    "saved_changes",
    "saved_runs",
    "tags",
    "tag_events",
    "notes",
)

__all__ = [
    "Account",
    "AccountHandle",
    "AccountToken",
    "Allowance",
    "AuditRow",
    "Base",
    "Capture",
    "CaptureRequest",
    "Completeness",
    "CoverageRow",
    "Exchange",
    "Export",
    "FixityCheck",
    "Gap",
    "Grant",
    "Item",
    "ItemAlias",
    "ItemSecret",
    "ItemState",
    "ListChange",
    "ListFailure",
    "ListSnapshot",
    "LogLeaf",
    "LogNode",
    "LogOutboxRow",
    "LogRoot",
    "Medium",
    "Moderation",
    "Note",
    "Observation",
    "OutboxRow",
    "Party",
    "Receipt",
    "SavedChange",
    "SavedRun",
    "SavedSearch",
    "SavedTold",
    "Sighting",
    "Stream",
    "StreamState",
    "SubCursor",
    "Tag",
    "TagEvent",
    "Thumbnail",
    "TokenCheck",
    "User",
    "UserSession",
    "Version",
    "VersionMedium",
    "WarcFile",
    "WarcRecord",
    "append_only",
    "uuid7",
]
