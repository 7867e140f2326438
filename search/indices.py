"""The alias that searches go to, the indices behind it, and the one being built.

Indices are named `<alias>-000001` and so on. While one is being built, the alias `<alias>-building` points at it, and
whoever writes writes to both. Who holds the gate shared (each indexer, for one batch) may rely on the aliases standing
still; who changes them takes it alone.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

import elasticsearch
import sqlalchemy as sa

from archiver.i18n.translation import _
from search import analysis, mapping
from search.analysis import Capabilities
from search.errors import IndexMissingError, IndexOutdatedError, SearchError, translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Connection

_EXISTS = "resource_already_exists_exception"


def building_alias(alias: str) -> str:
    """The alias of the index that is being built."""
    return f"{alias}-building"


def behind(client: Elasticsearch, alias: str) -> list[str]:
    """The indices behind an alias, oldest first; none where it does not exist.

    Raises:
        IndexUnavailableError: Elasticsearch does not answer.
        SearchError: an index itself has the name that the alias should have.
    """
    with translated(f"looking up {alias}"):
        try:
            answer = client.indices.get_alias(name=alias)
        except elasticsearch.NotFoundError:
            if client.indices.exists(index=alias):
                raise SearchError(
                    f"There is an index named {alias}, where the archive wants an alias: delete it (the archive can "
                    "always be indexed again), or set CIVIC_ARCHIVE_INDEX_NAME to another name."
                ) from None
            return []
    return sorted(answer.body)


def write_targets(client: Elasticsearch, alias: str) -> list[str]:
    """The indices that a change must be written to: the one searched and, during a rebuild, the one being built."""
    # Both aliases in one look, as this is asked once per batch; of two names the answer holds whichever exists.
    with translated(f"looking up {alias}"):
        answer = client.options(ignore_status=404).indices.get_alias(name=f"{alias},{building_alias(alias)}")
    return sorted(name for name, found in answer.body.items() if isinstance(found, dict) and "aliases" in found)


def ensure_index(client: Elasticsearch, alias: str) -> None:
    """Create the first index and its alias where there is none. Safe to call from several processes.

    Raises:
        IndexUnavailableError: Elasticsearch does not answer.
        SearchError: it refuses, or the name is taken.
    """
    if behind(client, alias):
        return
    name = next_name(client, alias)
    body = mapping.index_body(analysis.probe(client))
    with translated(f"creating {name}"):
        try:
            client.indices.create(index=name, aliases={alias: {}}, **body)
        except elasticsearch.BadRequestError as error:
            if error.error != _EXISTS:
                raise


def numbered(client: Elasticsearch, alias: str) -> list[str]:
    """Every index of this alias's series, whether behind the alias or left over, oldest first."""
    with translated(f"listing the indices of {alias}"):
        found = client.indices.get(index=f"{alias}-*", features="aliases", expand_wildcards="all")
    return sorted(name for name in found.body if re.fullmatch(r"\d{6}", name.removeprefix(f"{alias}-")))


def next_name(client: Elasticsearch, alias: str) -> str:
    """The name of the next index of the series."""
    last = max((int(name[-6:]) for name in numbered(client, alias)), default=0)
    return f"{alias}-{last + 1:06d}"


def meta(client: Elasticsearch, index: str) -> dict[str, Any]:
    """What an index (or the one behind an alias) says of itself: `fingerprint`, `capabilities`, a rebuild's progress.

    Raises:
        IndexMissingError: there is none.
    """
    with translated(f"reading the mapping of {index}"):
        # Every page of results asks: what the fields are would be the most of the answer.
        answer = client.indices.get_mapping(index=index, filter_path="*.mappings._meta").body
    found = answer[max(answer)]["mappings"]["_meta"] if answer else None
    if not isinstance(found, dict):
        raise IndexMissingError(
            lambda: _("%(index)s was not made by this archive: run `civic-archive index --rebuild`.", index=index)
        )
    return found


def capabilities(client: Elasticsearch, alias: str) -> Capabilities:
    """What the index at hand can do, as it was found when the index was made; shown on the status page."""
    return Capabilities.from_json(meta(client, alias)["capabilities"])


def is_of_earlier_version(meta: Mapping[str, Any]) -> bool:
    """Whether an index that says this of itself was made by another definition than this program's. Pure."""
    made_with = Capabilities.from_json(meta["capabilities"])
    return bool(meta.get("fingerprint") != mapping.index_body(made_with)["mappings"]["_meta"]["fingerprint"])


def is_as_defined(client: Elasticsearch, name: str) -> bool:
    """Whether an index still has the fields and the analysis that its definition says; true where this program does not know that
    definition (it is of an earlier version).

    Raises:
        IndexUnavailableError, IndexMissingError: as for a search.
    """
    said = meta(client, name)
    wanted = mapping.index_body(Capabilities.from_json(said["capabilities"]))
    if said.get("fingerprint") != wanted["mappings"]["_meta"]["fingerprint"]:
        return True
    with translated(f"reading the definition of {name}"):
        fields = client.indices.get_mapping(index=name).body[name]["mappings"]
        settings = client.indices.get_settings(index=name).body[name]["settings"]["index"]
    had = mapping.normal({**fields, "_meta": {}}), mapping.normal(settings.get("analysis", {}))
    return had == (mapping.normal({**wanted["mappings"], "_meta": {}}), mapping.normal(wanted["settings"]["analysis"]))


def require_current(client: Elasticsearch, alias: str) -> None:
    """Go on only with an index that has all that this program asks of one: an earlier one would find too little, and not say so.

    Raises:
        IndexOutdatedError: it has not.
        IndexUnavailableError, IndexMissingError: as for a search.
    """
    if is_of_earlier_version(meta(client, alias)):
        raise IndexOutdatedError(
            f"The index {alias} is of an earlier version of the program, by which a part of the archive cannot be searched: run "
            "`civic-archive index`, or wait for the next nightly run, then try again."
        )


def is_outdated(client: Elasticsearch, alias: str) -> bool:
    """Whether a rebuild would change the index: the definition or what the cluster can do is not what it was.

    Raises:
        IndexUnavailableError, IndexMissingError: as for a search.
    """
    wanted = mapping.index_body(analysis.probe(client))["mappings"]["_meta"]["fingerprint"]
    return bool(meta(client, alias).get("fingerprint") != wanted)


def enter_gate(connection: Connection, alias: str) -> None:
    """Hold the aliases still until this transaction ends; waits while they are being changed."""
    connection.execute(
        sa.text("select pg_advisory_xact_lock_shared(hashtextextended(:name, 0))"), {"name": f"gate:{alias}"}
    )


@contextlib.contextmanager
def closed_gate(connection: Connection, alias: str) -> Iterator[None]:
    """Wait until every batch under way has ended, and let none begin meanwhile."""
    with connection.begin():
        connection.execute(
            sa.text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"gate:{alias}"}
        )
        yield
