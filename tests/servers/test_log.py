"""The log in a real Postgres: whole, in order, once, whatever commits when, and provable from outside."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver.custody import log, nodes, proofs, roots
from archiver.evidence import verify
from archiver.evidence.merkle import root as root_of
from tests.fixtures.custody import rows
from tests.fixtures.log import add, add_all
from tests.fixtures.town import town

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.archives import ArchiveMaker, TestArchive


def entries(archive: TestArchive) -> list[str]:
    """What the log holds, in order."""
    return [row[0] for row in rows(archive.engine, 'select entry from log_leaves order by "index"')]


def appended(archive: TestArchive, **options: int) -> log.Appended:
    """Append what waits."""
    return log.append(archive.engine, archive.clock(), **options)


def publish(archive: TestArchive) -> roots.Published:
    """Sign a root without a timestamp."""
    return roots.publish(archive.archive, lambda _: None)


def test_a_capture_appends_every_version_and_every_state(make_archive: ArchiveMaker) -> None:
    """After an export the log holds each version and state once, and its root is that of its entries."""
    with town(make_archive, 4, 3) as made:
        assert made.export().complete
        held = [json.loads(entry) for entry in entries(made.archive)]
        versions = {
            str(each[0]): bytes(each[1]).hex() for each in made.sql("select public_id, commitment from versions")
        }
        assert {each["version"]: each["commitment"] for each in held if each["kind"] == "version"} == versions
        others = made.count("states") + made.count("stream_states") + made.count("list_snapshots")
        assert len(held) == len(versions) + others
        assert made.sql("select count(*) from log_outbox") == [(0,)]
        with made.archive.engine.connect() as connection:
            assert nodes.head(connection).root == root_of([entry.encode() for entry in entries(made.archive)])


def test_the_log_grows_in_batches_to_the_same_root(make_archive: ArchiveMaker) -> None:
    """However the leaves are cut into batches, root and nodes are those of all entries; nothing is appended twice."""
    archive = make_archive()
    for count, batch in ((1, 1), (254, 100), (1, 7), (700, 64), (0, 5), (1300, 10_000)):
        add_all(archive.engine, count, states=count // 3)
        appended(archive, batch=batch)
        held = [entry.encode() for entry in entries(archive)]
        with archive.engine.connect() as connection:
            assert nodes.head(connection).root == root_of(held)
            for size in (0, 1, len(held) // 2, len(held)):
                assert nodes.head(connection, size).root == root_of(held[:size])
    again = appended(archive)
    assert (again.leaves, again.size, again.waiting) == (0, len(held), 0)
    assert len(set(entries(archive))) == len(held) == 2256 + sum(count // 3 for count in (1, 254, 1, 700, 0, 1300))


def test_what_commits_late_is_appended_then(make_archive: ArchiveMaker) -> None:
    """A transaction whose ids are lower than those already in the log, and that commits after, is in the log next time."""
    archive = make_archive()
    with archive.engine.begin() as slow:
        add(slow, 3)
        add_all(archive.engine, 2)
        assert appended(archive).leaves == 2
    assert appended(archive).leaves == 3
    assert rows(archive.engine, "select count(*), count(distinct subject_id) from log_leaves") == [(5, 5)]


def test_a_capture_that_is_rolled_back_leaves_nothing_in_the_log(make_archive: ArchiveMaker) -> None:
    """The outbox is part of the record's own transaction."""
    archive = make_archive()
    with archive.engine.connect() as connection:
        add(connection, 3)
        connection.rollback()
    assert (appended(archive).leaves, entries(archive)) == (0, [])


def test_many_appenders_while_many_write(make_archive: ArchiveMaker) -> None:
    """Four writers and three appenders at once: every record is in the log exactly once, and the numbers have no hole."""
    archive = make_archive()
    stop, failed = threading.Event(), []

    def write() -> None:
        for _ in range(8):
            add_all(archive.engine, 20, states=5)

    def run() -> None:
        while not stop.is_set():
            try:
                log.append(archive.engine, archive.clock(), wait=len(failed) % 2 == 0, batch=13)
            except Exception as error:  # noqa: BLE001 - shown by the assertion
                failed.append(error)
                return

    writers = [threading.Thread(target=write) for _ in range(4)]
    appenders = [threading.Thread(target=run) for _ in range(3)]
    for each in (*writers, *appenders):
        each.start()
    for each in writers:
        each.join()
    stop.set()
    for each in appenders:
        each.join()
    appended(archive)
    assert failed == []
    assert rows(
        archive.engine,
        "select count(*), count(distinct (kind, subject_id)), min(index), max(index) from log_leaves",
    ) == [(800, 800, 0, 799)]
    with archive.engine.connect() as connection:
        assert nodes.head(connection).root == root_of([entry.encode() for entry in entries(archive)])


def test_an_appender_that_cannot_never_loses_a_capture(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the log out of order the capture is as complete as ever, and what it brought is appended the next time."""
    with town(make_archive, 2, 1) as made:
        with monkeypatch.context() as patch:
            patch.setattr(nodes, "peaks", lambda *_: (_ for _ in ()).throw(nodes.LogDamaged("a test")))
            assert made.export().complete
            assert entries(made.archive) == []
        assert made.count() == 2
        logged = ("versions", "states", "stream_states", "list_snapshots")
        assert appended(made.archive).leaves == sum(made.count(table) for table in logged)


def test_an_append_that_breaks_off_leaves_the_log_as_it_was(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaves, nodes and outbox change together: a batch that fails half-way is there wholly, later, or not at all."""
    archive = make_archive()
    add_all(archive.engine, 600)
    with monkeypatch.context() as patch:
        patch.setattr(log, "_INSERT_NODES", "insert into log_nodes select 1/0")
        with pytest.raises(sa.exc.DBAPIError):
            appended(archive)
    assert (entries(archive), rows(archive.engine, "select count(*) from log_outbox")) == ([], [(600,)])
    assert appended(archive).leaves == 600


def test_no_leaf_holds_content_or_a_digest_that_could_be_guessed(make_archive: ArchiveMaker) -> None:
    """Of a post of one word, its hidden state and its words: no leaf has the text, its digest, or the platform's words."""
    archive = make_archive()
    add_all(archive.engine, 2, states=2)
    appended(archive)
    whole = "\n".join(entries(archive))
    assert rows(archive.engine, "select count(*) from log_leaves where kind = 'state'") == [(2,)]
    for word in ("Notice", "the listing omits it"):
        assert word not in whole
        assert hashlib.sha256(word.encode()).hexdigest() not in whole
    for (digest,) in rows(archive.engine, "select content_hash from versions"):
        assert digest.hex() not in whole


def test_a_root_is_signed_and_leads_to_the_one_before(make_archive: ArchiveMaker) -> None:
    """Each published file stands by itself, says that it has no timestamp, and proves that nothing before it changed."""
    archive = make_archive(city="Las Palmas Verdes")
    published = []
    for count in (0, 5, 300, 0, 1):
        add_all(archive.engine, count)
        appended(archive)
        published.append(publish(archive))
    folder = roots.folder_of(archive.archive)
    (key_file,) = folder.glob("public-key-*.txt")
    key = verify.key_of(str(key_file))
    documents = [verify.read(each.path) for each in published]
    assert [each["size"] for each in documents] == [0, 5, 305, 305, 306]
    assert all("no timestamp authority" in each["timestamp"] for each in documents)
    assert all(each["archive"] == "Las Palmas Verdes" for each in documents)
    for document in documents:
        assert "signed with a key that was given" in verify.check_root(document, [key])
    assert len(verify.check_chain(documents[-1], documents[:-1], [key])) == 4
    assert "first 5 leaves" in verify.check_consistency(proofs.prove_since(archive.engine, documents[1]), documents[1])
    with pytest.raises(verify.NotProven, match="follows another one"):
        verify.check_consistency(documents[4], documents[1])


def test_a_key_is_made_once_closed_to_others_and_kept_out_of_the_database(make_archive: ArchiveMaker) -> None:
    """Mode 0600; the same for every root; in no table, no published file."""
    archive = make_archive()
    first, second = publish(archive), publish(archive)
    path = archive.archive.spool.parent / "keys" / "log.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert first.document["public_key"] == second.document["public_key"]
    secret = path.read_text(encoding="ascii").splitlines()[1]
    for (text,) in rows(archive.engine, "select document from log_roots"):
        assert secret not in text
    assert all(secret not in each.read_text() for each in first.path.parent.iterdir())


def test_no_root_is_signed_over_a_log_that_was_changed(make_archive: ArchiveMaker) -> None:
    """Once a leaf under the last root is gone or another, the archive refuses to sign."""
    archive = make_archive()
    add_all(archive.engine, 300)
    appended(archive)
    publish(archive)
    owner = sa.create_engine(archive.migration_url)
    with owner.begin() as connection:
        connection.execute(sa.text("alter table log_leaves disable trigger all"))
        connection.execute(sa.text("update log_leaves set entry = replace(entry, '2', '3') where index = 299"))
    with pytest.raises(roots.RootRefused, match="something in it was changed"):
        publish(archive)
    with owner.begin() as connection:
        connection.execute(sa.text("delete from log_leaves where index >= 298"))
    with pytest.raises(roots.RootRefused, match="leaves are gone"):
        publish(archive)
    owner.dispose()


def test_a_proof_stands_by_itself(make_archive: ArchiveMaker, tmp_path: Path) -> None:
    """The file of an item's proof is checked by the one program alone, against the published root; altered, it is refused."""
    archive = make_archive()
    ids = add_all(archive.engine, 700, states=10)
    appended(archive)
    published = publish(archive)
    (subject,) = rows(archive.engine, "select cast(public_id as text) from items where id = :id", id=ids[3])[0]
    proof = proofs.prove(archive.engine, subject, reveal=True)
    assert [json.loads(each["entry"])["kind"] for each in proof["leaves"]] == ["version", "state"]
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(proof), encoding="utf-8")

    def check(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-I", str(verify.__file__), *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        return done.returncode, done.stdout + done.stderr

    key = proof["root"]["public_key"]
    code, said = check(str(path), "--root", str(published.path), "--key", key)
    assert code == 0, said
    assert "It is the root that was published." in said
    assert "fields and words are those" in said
    assert check(str(path), "--key", "00" * 32)[0] == 1
    proof["leaves"][0]["revealed"][-1]["value"] += "x"
    path.write_text(json.dumps(proof), encoding="utf-8")
    assert "not those that were committed to" in check(str(path))[1]
    proof["leaves"][0]["entry"] = proof["leaves"][0]["entry"].replace("version", "verslon")
    path.write_text(json.dumps(proof), encoding="utf-8")
    code, said = check(str(path))
    assert code == 1
    assert "is not in the log" in said


def test_every_leaf_is_proven_at_every_kind_of_edge(make_archive: ArchiveMaker) -> None:
    """First and last leaves of blocks and of the log: each version's proof holds."""
    archive = make_archive()
    add_all(archive.engine, 1029)
    appended(archive)
    publish(archive)
    for index in (0, 1, 255, 256, 511, 512, 1023, 1024, 1027, 1028):
        ((version,),) = rows(
            archive.engine,
            "select cast(v.public_id as text) from log_leaves l join versions v on v.id = l.subject_id where index = :at",
            at=index,
        )
        proof = proofs.prove(archive.engine, version)
        assert [each["index"] for each in proof["leaves"]] == [index]
        assert verify.check_inclusion(proof)


def test_what_cannot_be_proven_says_why(make_archive: ArchiveMaker) -> None:
    """No id, no such record, no root yet, a record younger than the last root."""
    archive = make_archive()
    add_all(archive.engine, 1)
    with pytest.raises(proofs.NoProof, match="no public id"):
        proofs.prove(archive.engine, "4711")
    ((version,),) = rows(archive.engine, "select cast(public_id as text) from versions")
    with pytest.raises(proofs.NoProof, match="no root was signed"):
        proofs.prove(archive.engine, version)
    publish(archive)
    with pytest.raises(proofs.NoProof, match="not under a signed root yet"):
        proofs.prove(archive.engine, version)
    with pytest.raises(proofs.NoProof, match="there is no item, version or list"):
        proofs.prove(archive.engine, "00000000-0000-4000-8000-000000000000")


def test_what_was_kept_from_the_outbox_can_be_put_there(make_archive: ArchiveMaker) -> None:
    """Somebody who empties the outbox hides nothing: what is in neither place is found and appended."""
    archive = make_archive()
    add_all(archive.engine, 5, states=2)
    with archive.engine.begin() as connection:
        connection.execute(sa.text("delete from log_outbox where kind = 'state'"))
    assert appended(archive).leaves == 5
    assert log.put_missing(archive.engine) == 2
    assert appended(archive).leaves == 2
    assert log.put_missing(archive.engine) == 0


def test_a_hundred_thousand_leaves_take_seconds(make_archive: ArchiveMaker) -> None:
    """Appending them takes less than half a minute on a busy machine, and a proof among them no time at all."""
    archive = make_archive()
    for _ in range(20):
        add_all(archive.engine, 5000)
    began = time.perf_counter()
    assert appended(archive).leaves == 100_000
    took = time.perf_counter() - began
    publish(archive)
    ((version,),) = rows(
        archive.engine,
        "select cast(v.public_id as text) from log_leaves l join versions v on v.id = l.subject_id where index = 54321",
    )
    began = time.perf_counter()
    assert verify.check_inclusion(proofs.prove(archive.engine, version))
    proof = time.perf_counter() - began
    print(f"appended 100,000 leaves in {took:.2f} s, proved one in {proof * 1000:.1f} ms")  # noqa: T201 - shown by -s
    assert took < 30
    assert proof < 1
