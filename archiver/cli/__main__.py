"""`python -m archiver.cli`: the same as `civic-archive`, for daemons that must not depend on a PATH."""

from archiver.cli import main

main()
