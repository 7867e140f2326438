"""The index beside the archive: from the outbox into Elasticsearch, and a clerk's query back out of it."""
