"""The log in Postgres, its signed roots, and the checks that everything kept is what it was."""
