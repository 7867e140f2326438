"""The official client, from the addresses the archive knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from elastic_transport import JsonSerializer
from elasticsearch import Elasticsearch

from search.errors import SearchError

if TYPE_CHECKING:
    from archiver.local.endpoints import SearchEndpoints


class _Json(JsonSerializer):
    """JSON by orjson: half of what writing documents costs this side is making JSON of them."""

    def json_dumps(self, data: Any) -> bytes:
        return orjson.dumps(data, default=self.default)

    def json_loads(self, data: bytes) -> Any:
        return orjson.loads(data)


class _CompatibleJson(_Json):
    mimetype = "application/vnd.elasticsearch+json"


_SERIALIZERS = {each.mimetype: each for each in (_Json(), _CompatibleJson())}


def client_for(endpoints: SearchEndpoints, *, timeout: float = 60, connections: int = 10) -> Elasticsearch:
    """A client of one cluster; it asks nothing yet. Close it when done (`contextlib.closing`).

    Args:
        endpoints: address, then an API key, or user and password; the file of the cluster's own CA where it has one.
        timeout: seconds until an unanswered request is given up.
        connections: how many requests may be under way at once.

    Raises:
        SearchError: the CA's file cannot be read, or the address is none.
    """
    options: dict[str, Any] = {}
    if endpoints.elasticsearch_api_key:
        options["api_key"] = endpoints.elasticsearch_api_key
    elif endpoints.elasticsearch_user:
        options["basic_auth"] = (endpoints.elasticsearch_user, endpoints.elasticsearch_password or "")
    if endpoints.elasticsearch_ca is not None:
        if not endpoints.elasticsearch_ca.is_file():
            raise SearchError(f"ELASTICSEARCH_CA names {endpoints.elasticsearch_ca}, which is no readable file.")
        options["ca_certs"] = str(endpoints.elasticsearch_ca)
    try:
        return Elasticsearch(
            endpoints.elasticsearch_url,
            request_timeout=timeout,
            connections_per_node=connections,
            max_retries=2,
            http_compress=False,
            serializers=_SERIALIZERS,
            **options,
        )
    except ValueError as error:
        raise SearchError(
            f"ELASTICSEARCH_URL is no address ({error}): write it as https://host:9200, with scheme and port."
        ) from error
