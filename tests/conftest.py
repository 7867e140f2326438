"""Fixtures every test may ask for."""

pytest_plugins = ["tests.fixtures.archives", "tests.fixtures.bluesky", "tests.fixtures.chromium", "tests.fixtures.searching", "tests.fixtures.stack"]
