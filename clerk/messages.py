"""What direct messages are, and which exchanges may hold some: the pages keep those from whoever has no grant for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.platforms.items import ItemKind

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.engine import Connection

MESSAGE = ItemKind.MESSAGE.value

# An exchange of a messages' stream holds them whatever became of them; one of another stream (a file of a download) does where
# a message was read from it.
_EXCHANGE = sa.text("""
    select exists (
        select from exchanges e join captures c on c.id = e.capture_id join streams s on s.id = c.stream_id
        where e.id = :id and s.kind = 'messages'
    ) or exists (
        select from versions v join items i on i.id = v.item_id where v.exchange_id = :id and i.kind = 'message'
    ) or exists (
        select from media m
        join version_media a on a.medium_id = m.id join versions v on v.id = a.version_id join items i on i.id = v.item_id
        where m.exchange_id = :id and i.kind = 'message'
    )
""")


def in_exchange(connection: Connection, exchange_id: uuid.UUID) -> bool:
    """Whether what was received in an exchange may hold direct messages."""
    return bool(connection.scalar(_EXCHANGE, {"id": exchange_id}))
