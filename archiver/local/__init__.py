"""The embedded stack: real Postgres and real Elasticsearch for a laptop and for tests, without Docker.

`archiver.local.stack` holds `up`, `down`, `status` and `running`; `archiver.local.endpoints` says where the servers
are (`Endpoints`) and which of them the caller brings along (`External`). What runs servers needs the dependency group
`local`; `endpoints` and `errors` need nothing beyond the archive itself.
"""
