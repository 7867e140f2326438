"""Bluesky's XRPC methods over a night's state, PDS and app view together, as they share an origin here.

Shapes: the lexicons of bluesky-social/atproto. Errors: as real servers gave them (`tests/recorded/bluesky_network`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samplecity import appview, pds
from samplecity.xrpc import Json, Query, Raw, XrpcError

if TYPE_CHECKING:
    from samplecity.views import Views

METHODS = {**pds.METHODS, **appview.METHODS}


def call(views: Views, method: str, query: Query) -> Json | Raw:
    """Answer an XRPC query.

    Raises:
        XrpcError: as the method does; 501 MethodNotImplemented for one the city does not have.
    """
    function = METHODS.get(method)
    if function is None:
        raise XrpcError("MethodNotImplemented", f"Method Not Implemented: {method}", 501)
    return function(views, query)
