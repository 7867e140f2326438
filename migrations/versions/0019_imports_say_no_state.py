"""What an import showed says nothing of the state of an item that another stream saw."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_LOOKED_FOR = "t.kind <> 'import'"
_ALL = "true"


def upgrade() -> None:
    """Derive the states of what was both imported and captured by the captures alone, and have the index told."""
    _derive(_LOOKED_FOR)


def downgrade() -> None:
    """Derive them by all sightings again."""
    _derive(_ALL)


def _derive(which: str) -> None:
    # All of them, though few change their state: the index keeps by itself what an import said.
    op.execute(f"""
        with found as (
            select s.item_id,
                   case when bool_or(s.state = 'present' and {which}) then 'present'
                        when bool_or(s.state = 'hidden' and {which}) then 'hidden'
                        when bool_or(s.state = 'gone_confirmed' and {which}) then 'gone_confirmed'
                        else 'not_returned' end as state
            from sightings s join streams t on t.id = s.stream_id
            where s.item_id in (select g.item_id from sightings g join streams i on i.id = g.stream_id where i.kind = 'import')
            group by s.item_id having bool_or({_LOOKED_FOR})
        ), changed as (
            update items i set revision = i.revision + 1, state = found.state from found where i.id = found.item_id
            returning i.id, i.revision
        )
        insert into outbox (item_id, revision) select id, revision from changed order by id
    """)  # noqa: S608 - conditions of our own
