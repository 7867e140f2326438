"""Attachments: one row for each as the platform names it, and the places they hold in versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.platforms.items import StreamKind
from archiver.records import bulk
from archiver.records.models import uuid7

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from archiver.platforms.items import Item
    from archiver.records.store.context import CaptureContext
    from archiver.records.store.versions import NewVersion

_MAKE = """
    insert into media (public_id, platform, namespace, platform_id, kind, url, owner, content_type)
    select distinct on (namespace, id) public_id, :platform, namespace, id, kind, url, owner, content_type
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(
        public_id uuid, namespace text, id text, kind text, url text, owner text, content_type text)
    order by namespace, id
    on conflict (platform, namespace, platform_id) do update set url = excluded.url, told_anew = true
        where media.url is null and excluded.url is not null
"""
"""What an import brought without an address, or an instance had not made yet, can be fetched once it has one."""

_RENEW = """
    update media m set url = r.url, told_anew = true
    from (select m.id, r.url from jsonb_to_recordset(cast(:rows as jsonb)) as r(namespace text, id text, url text)
          join media m on m.platform = :platform and m.namespace = r.namespace and m.platform_id = r.id
          where m.state <> 'kept' and m.url is distinct from r.url
          order by m.namespace, m.platform_id for update of m) r
    where m.id = r.id
"""

_PLACE = """
    insert into version_media (version_id, position, medium_id, alt_text)
    select r.version_id, r.position, m.id, r.alt_text
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(
        version_id bigint, position integer, namespace text, id text, alt_text text)
    join media m on m.platform = :platform and m.namespace = r.namespace and m.platform_id = r.id
"""


def insert_media(
    connection: Connection, platform: str, versions: Sequence[NewVersion], version_ids: Mapping[int, int]
) -> None:
    """Remember the attachments of new versions; their bytes are wanted from now on."""
    rows = [
        {
            "public_id": uuid7(),
            "version_id": version_ids[version.item_id],
            "position": position,
            "namespace": version.item.namespace,
            "id": medium.id,
            "kind": medium.kind,
            "url": medium.url,
            "owner": medium.owner,
            "content_type": medium.content_type,
            "alt_text": medium.alt_text,
        }
        for version in versions
        for position, medium in enumerate(version.item.media)
    ]
    if rows:
        bulk.run(connection, _MAKE, rows, platform=platform)
        bulk.run(connection, _PLACE, rows, platform=platform)


def take_in(
    connection: Connection,
    context: CaptureContext,
    versions: Sequence[NewVersion],
    version_ids: Mapping[int, int],
    shown: Iterable[Item],
) -> None:
    """Remember the attachments of new versions, and the addresses that are told of any that a page shows and whose bytes are not
    kept yet: they are signed on some platforms, and the ones told first have ended by the time a night comes to them. What failed
    is tried once more at another address (`archiver.capture.media`). An import tells of none that is newer.
    """
    insert_media(connection, context.account.platform, versions, version_ids)
    told = {(item.namespace, medium.id): medium.url for item in shown for medium in item.media if medium.url}
    if told and context.stream is not StreamKind.IMPORT:
        rows = [{"namespace": namespace, "id": name, "url": url} for (namespace, name), url in told.items()]
        bulk.run(connection, _RENEW, rows, platform=context.account.platform)
