"""Fixtures every test may ask for."""

pytest_plugins = [
    "tests.fixtures.archives",
    "tests.fixtures.bluesky",
    "tests.fixtures.chromium",
    "tests.fixtures.clerk",
    "tests.fixtures.searching",
    "tests.fixtures.exporting",
    "tests.fixtures.guarded",
    "tests.fixtures.desk",
    "tests.fixtures.passwords",
    "tests.fixtures.program",
    "tests.fixtures.stack",
    "tests.fixtures.workers",
    "tests.fixtures.year",
    "tests.fixtures.airflow",  # last: it imports some of the others
]
