"""The captions of the city's videos on YouTube: within their share of the day's units, and nothing of them lost or made up."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseDownload

from archiver import accounts
from archiver.capture.export import export_account
from archiver.media_missing import try_again
from samplecity.faults import Fault
from samplecity.social import APIS
from samplecity.social.media import cues
from samplecity.social.youtube import KEY, YouTube
from tests.fixtures.discovery import faults_of
from tests.fixtures.social_nights import social_town
from tests.servers.test_youtube_city import client, pass_midnight, set_settings

if TYPE_CHECKING:
    from samplecity.social.model import Track
    from tests.fixtures.archives import ArchiveMaker
    from tests.fixtures.social_nights import SocialTown

_LISTS, _TRACKS = "/youtube/youtube/v3/captions", "/youtube/youtube/v3/captions/"


def _asked(town: SocialTown, night: int) -> tuple[int, int]:
    """How many lists and how many tracks the city was asked for in a night, by now."""
    counts = town.running.requests.get(night, {})
    return counts.get(_LISTS, 0), sum(count for path, count in counts.items() if path.startswith(_TRACKS))


def _held(town: SocialTown) -> set[tuple[str, str | None]]:
    """The tracks of the videos as they are now: the video's id, and the bytes' digest."""
    return set(
        town.sql(
            "select i.platform_id, encode(m.sha256, 'hex') from items i "
            "join version_media a on a.version_id = i.current_version_id join media m on m.id = a.medium_id "
            "where m.kind = 'file' and m.state = 'kept'"
        )
    )


def _true(town: SocialTown, night: int, *, automatic: bool = False) -> set[tuple[str, str | None]]:
    return {
        (item.id, medium.sha256)
        for item in town.truth(night).items
        if item.kind == "post" and item.state == "present"
        for version in item.versions
        if night in version.nights
        for medium in version.media
        if medium.mime == "text/vtt" and (automatic or not medium.automatic)
    }


def _notes(town: SocialTown) -> list[str]:
    """What the newest capture of each account's posts says of captions that wait."""
    return [
        f"{note['what']}: {note['reason']}"
        for (skipped,) in town.sql(
            "select distinct on (c.stream_id) c.skipped from captures c join streams s on s.id = c.stream_id "
            "where s.kind = 'posts' order by c.stream_id, c.id desc"
        )
        for note in skipped
        if "wait for the next nights" in note["reason"]
    ]


def test_a_night_stays_within_the_share_and_says_what_waits(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With units for two lists and one track a day, the captures are whole, each day goes on with what waited, the newest videos
    first, and in the end every track is held; what waits is named with the capture, and in the versions that lack it.
    """
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        set_settings(town, {"caption_units": "300", "project": "city"})
        true = _true(town, 1)
        assert len({video for video, _ in true}) > 3
        days = 0
        while _held(town) != true:
            before = _asked(town, 1)
            reports = town.night(1)
            assert not town.troubles(1, reports)
            lists, tracks = (now - then for now, then in zip(_asked(town, 1), before, strict=True))
            assert lists <= 2
            assert tracks <= 1
            assert _held(town) <= true
            if days == 0:
                (first, *_) = _notes(town)
                assert "the captions of " in first
                assert "caption_units" in first
                flags = town.sql("select count(*) from versions where 'captions_not_asked' = any(flags)")
                assert flags[0][0] > 0
            days += 1
            assert days < 20
            pass_midnight(town)
        assert days > 5
        town.night(1)
        assert not _notes(town)
        assert town.sql("select count(*) from media where attempts > 1") == [(0,)]


def test_captions_never_use_up_what_the_rest_needs(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Google itself says that the day's units are used up while captions are asked for, the listing is kept, the capture of
    the videos is whole, and they are asked for the next day.
    """
    monkeypatch.setitem(APIS, "youtube", YouTube(units=45))
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        (account, *_) = accounts.active(town.archive.engine)
        town.running.at(1)
        report = export_account(town.archive.archive, account)
        assert [each.outcome for each in report.streams if each.stream == "posts"] == ["complete"]
        assert any("quotaExceeded" in note for note in _notes(town))
        pass_midnight(town)
        monkeypatch.setitem(APIS, "youtube", YouTube())
        assert not town.troubles(1, town.night(1))
        assert _held(town) == _true(town, 1)


def test_all_tracks_only_those_put_there_or_none(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting says which: by speech recognition too, where every video is asked for; nothing is asked for with `none`. What
    was held before stands when captions are switched off.
    """
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        set_settings(town, {"captions": "none"})
        assert not town.troubles(1, town.night(1))
        assert _asked(town, 1) == (0, 0)
        set_settings(town, {"captions": "uploaded"})
        assert not town.troubles(1, town.night(1))
        assert _held(town) == _true(town, 1)
        captioned = {video for video, _ in _true(town, 1)}
        assert _asked(town, 1)[0] == len(captioned)
        set_settings(town, {"captions": "all", "caption_units": "9000", "captions_days": "0"})
        assert not town.troubles(1, town.night(1))
        assert _held(town) == _true(town, 1, automatic=True) > _true(town, 1)
        asked = _asked(town, 1)
        set_settings(town, {"captions": "none"})
        assert not town.troubles(1, town.night(1))
        assert _asked(town, 1) == asked
        assert _held(town) == _true(town, 1, automatic=True)


def test_a_setting_that_is_none_of_the_three_is_refused(make_archive: ArchiveMaker) -> None:
    """A misspelt word does not silently keep something else."""
    archive = make_archive()
    with pytest.raises(accounts.RegisterError, match="captions is one of uploaded, all, none"):
        accounts.add(archive.engine, "youtube:parks", {"department": "Parks"}, {"captions": "manual"})


def test_a_key_alone_asks_for_no_captions(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are the owner's to read: whatever the setting says, none are asked for, and none are said to be gone."""
    monkeypatch.setenv("SAMPLE_CITY_KEY_YOUTUBE", KEY)
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        assert not town.troubles(1, town.night(1))
        held, asked = _held(town), _asked(town, 1)
        set_settings(town, {"token": None, "api_key": "env:SAMPLE_CITY_KEY_YOUTUBE", "captions": "all"})
        assert not town.troubles(1, town.night(1))
        assert _asked(town, 1) == asked
        assert _held(town) == held


def test_a_track_that_is_replaced_is_another_version_and_the_old_bytes_stay(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both states of the corrected captions are held, each with the version that showed it, and no token is in any address."""
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        set_settings(town, {"captions_days": "0"})
        for night in (1, 2, 3):
            assert not town.troubles(night, town.night(night))
        ((_, video),) = town.city.social.story["captions_corrected"]
        first, second = (town.city.social.at(night).thing("youtube", video) for night in (1, 3))
        assert first is not None
        assert second is not None
        found = town.sql(
            "select v.number, m.sha256, m.alt_text from versions v join items i on i.id = v.item_id join ("
            "select a.version_id, a.alt_text, m.sha256 from version_media a join media m on m.id = a.medium_id "
            "where m.kind = 'file') m on m.version_id = v.id where i.platform_id = :id order by 1",
            id=video,
        )
        true = [hashlib.sha256(each.tracks[0].data).digest() for each in (first, second)]
        assert [(number, bytes(sha256), words) for number, sha256, words in found] == [
            (1, true[0], "captions in en"),
            (2, true[1], "captions in en"),
        ]
        assert town.sql("select count(*) from exchanges where url like '%token-youtube-%'") == [(0,)]
        assert town.sql("select count(*) from media where url like '%token%'") == [(0,)]


def test_a_token_that_is_not_the_owners_leaves_notes(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another channel's token reads what is public: that the captions are refused is said for each video, and fails nothing."""
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        other = town.city.social.accounts[1]
        set_settings(town, {"token": f"env:{other.token_variable}"})
        (account, *_) = accounts.active(town.archive.engine)
        town.running.at(1)
        report = export_account(town.archive.archive, account)
        (posts,) = [each for each in report.streams if each.stream == "posts"]
        assert posts.outcome == "complete"
        refused = [each for each in posts.skipped if "not sufficient" in each["reason"]]
        assert len(refused) == _asked(town, 1)[0] > 0


def test_a_refused_track_is_said_once_and_tried_again_when_somebody_asks(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What YouTube refuses (403) fails no capture, is not paid for night after night, and is fetched after the account was
    connected anew and `media missing --again` was called; the refusal is on record with its answer.
    """
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        town.running.at(1)
        town.running.install(Fault("/youtube/v3/captions/AU", "no_permission"))
        every = accounts.active(town.archive.engine)
        reports = {each.name: export_account(town.archive.archive, each) for each in every}
        assert not town.troubles(1, reports)
        notes = [each for report in reports.values() for stream in report.streams for each in stream.skipped]
        assert ["insufficientPermissions" in each["reason"] for each in notes if "the bytes of" in each["what"]] == [
            True
        ]
        assert town.sql("select count(*) from exchanges where status = 403") == [(1,)]
        asked = _asked(town, 1)[1]
        assert not town.troubles(1, town.night(1))
        assert _asked(town, 1)[1] == asked
        assert len(_true(town, 1) - _held(town)) == 1
        with town.archive.engine.begin() as connection:
            assert try_again(connection) == 1
        assert not town.troubles(1, town.night(1))
        assert _held(town) == _true(town, 1)
        types = town.sql("select distinct content_type from media where kind = 'file'")
        assert types == [("text/vtt",)]


def test_googles_client_reads_the_tracks_to_the_end(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """google-api-python-client lists every video's tracks and downloads each in both forms; every list fits the document; others'
    videos, unknown tracks and unknown forms are errors.
    """
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        town.running.at(5)
        mine, other = town.city.social.accounts[0], town.city.social.accounts[1]
        api = client(town, mine.token)
        seen: list[Track] = []
        for post in town.city.social.at(5).posts("youtube", mine.key):
            answer = api.captions().list(part="id,snippet", videoId=post.id).execute()
            assert not faults_of(answer)
            assert [each["id"] for each in answer["items"]] == [track.id for track in post.tracks]
            (shown,) = api.videos().list(part="contentDetails", id=post.id).execute()["items"]
            manual = any(track.kind == "standard" for track in post.tracks)
            assert shown["contentDetails"]["caption"] == str(manual).lower()
            for entry, track in zip(answer["items"], post.tracks, strict=True):
                told = entry["snippet"]
                assert (told["videoId"], told["trackKind"], told["isDraft"]) == (post.id, track.kind, track.draft)
                assert _downloaded(api, track.id, "vtt") == track.data
                assert _downloaded(api, track.id, "srt") == cues(track.words, "srt")
                seen.append(track)
        assert {track.kind for track in seen} == {"standard", "ASR"}
        assert {track.draft for track in seen} == {True, False}
        stranger = client(town, other.token)
        for call, words in (
            (stranger.captions().list(part="id", videoId=seen[0].video), "not sufficient"),
            (stranger.captions().download(id=seen[0].id), "not sufficient"),
            (api.captions().download(id="AUieNobody"), "could not be found"),
            (api.captions().download(id=seen[0].id, tfmt="ttml"), "Unsupported"),
        ):
            with pytest.raises(HttpError, match=words):
                call.execute()


def _downloaded(api: object, identity: str, form: str) -> bytes:
    file = io.BytesIO()
    loading = MediaIoBaseDownload(file, api.captions().download_media(id=identity, tfmt=form))  # type: ignore[attr-defined]
    while not loading.next_chunk()[1]:
        pass
    return file.getvalue()
