"""The home folder: where it is, what it remembers, what it keeps secret."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from archiver.local import home as homes
from archiver.local.errors import HomeUnusableError
from archiver.local.home import Home, default_home
from archiver.local.process import ProcessRecord
from archiver.local.user import USER_VARIABLE, service_user


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that was made, but whose servers never ran."""
    place = Home(tmp_path / "home")
    place.path.mkdir()
    return place


def test_the_variable_names_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """`CIVIC_ARCHIVE_HOME` wins over the default."""
    monkeypatch.setenv(homes.HOME_VARIABLE, "/srv/archive")
    assert default_home() == Path("/srv/archive")


def test_the_default_home_can_be_entered_by_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root's home folder is closed to other users, so root's default lies under /var/lib."""
    monkeypatch.delenv(homes.HOME_VARIABLE, raising=False)
    if os.geteuid() == 0:
        assert default_home() == Path("/var/lib/civic-archive")
    else:
        assert default_home().is_relative_to(Path.home())


def test_passwords_are_made_once(home: Home) -> None:
    """Each role has a long password of its own, the same at every start, in a file of mode 0600."""
    first = home.secrets()
    assert set(first) == set(homes.SECRET_NAMES)
    assert len(set(first.values())) == len(first)
    assert all(len(one) == 48 for one in first.values())
    assert home.secrets() == first
    assert stat.S_IMODE((home.path / "secrets.json").stat().st_mode) == 0o600
    assert [one.name for one in home.path.iterdir()] == ["secrets.json"]


def test_a_new_role_gets_a_password_beside_the_old_ones(home: Home) -> None:
    """A password that a newer version of the program needs is added, the others stay."""
    homes.write_private(home.path / "secrets.json", json.dumps({"postgres": "kept"}))
    found = home.secrets()
    assert found["postgres"] == "kept"
    assert set(found) == set(homes.SECRET_NAMES)


@pytest.mark.parametrize("text", ["{torn", "[]", ""])
def test_damaged_secrets_are_told(home: Home, text: str) -> None:
    """A damaged file of passwords is never written over."""
    file = home.path / "secrets.json"
    file.write_text(text)
    with pytest.raises(HomeUnusableError, match=r"secrets\.json is damaged"):
        home.secrets()
    assert file.read_text() == text


def test_state_is_remembered_and_forgotten(home: Home) -> None:
    """A record and its port are there for the next command; forgotten, the port remains to be used again."""
    record = ProcessRecord("postgres", 7, "boot/1", home.path / "log")
    home.remember(record, 5433)
    home.remember(ProcessRecord("scheduler", 8, "boot/2", home.path / "other"))
    again = Home(home.path)
    assert again.state().processes["postgres"] == record
    again.forget("postgres")
    again.forget("never there")
    assert set(home.state().processes) == {"scheduler"}
    assert home.state().ports == {"postgres": 5433}


@pytest.mark.parametrize(
    "text", ["", "{torn", "[]", "{}", '{"processes": {"x": {}}, "ports": {}}', '{"processes": 1, "ports": 2}']
)
def test_a_torn_state_is_an_empty_one(home: Home, text: str) -> None:
    """A state file that cannot be read is no obstacle: the servers' own pid files remain."""
    (home.path / "state.json").write_text(text)
    assert home.state() == homes.State()


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A path where no folder can be is named, with the variable to set."""
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeUnusableError, match=rf"file/home cannot be made .*{homes.HOME_VARIABLE}"):
        Home(tmp_path / "file" / "home").prepare()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as another user")
@pytest.mark.parametrize("name", ["root", "no-such-user"])
def test_a_service_user_that_will_not_do_is_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Root itself, or a user that does not exist, cannot be named as the servers' user."""
    monkeypatch.setenv(USER_VARIABLE, name)
    with pytest.raises(HomeUnusableError, match=rf"no unprivileged user {name}"):
        service_user()
