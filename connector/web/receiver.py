"""Where the CRMs deliver: verify, store, acknowledge."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, request

from adapters.ports import DeliveryRefused, Inbound
from connector.clock import Clock
from connector.errors import KeyMissing, StoreDown
from connector.services.receive import Door, Receive
from connector.web.body import read_body
from connector.web.headers import Headers

_RETRY_SECONDS = "5"
_UNAVAILABLE = 503


def receiver(receive: Receive, *, clock: Clock, public_url: str) -> Blueprint:
    """Return the addresses for deliveries; bodies of at most `largest` bytes.

    `public_url` is where the CRM believes to deliver: signatures cover it. What the
    request itself says of its host is not trusted.
    """
    blueprint = Blueprint("receiver", __name__)

    @blueprint.post("/webhooks/<vendor>/<connection>")
    @blueprint.post("/webhooks/<vendor>/<connection>/<secret>")
    def deliver(vendor: str, connection: str, secret: str | None = None) -> Response:
        door: Door | None = None
        try:
            door = receive.open(vendor, connection, secret)
            headers = Headers(request.environ)
            # Before the body, so that whoever is no sender learns nothing from sizes.
            door.source.admit(headers)
            receipt = receive.accept(
                door,
                Inbound(
                    method=request.method,
                    url=public_url + to_target(request.environ),
                    headers=headers,
                    body=read_body(request.environ),
                    received_at=clock.now(),
                ),
            )
        except (DeliveryRefused, StoreDown, KeyMissing) as error:
            known = None if door is None else door.connection.vendor
            return _refusal(receive.refuse(known, error))
        return Response(receipt.body, content_type=receipt.content_type)

    return blueprint


def to_target(environ: Mapping[str, Any]) -> str:
    """Return path and query of a WSGI request as they were sent, not decoded.

    Servers keep the request's own spelling under different names.
    """
    sent = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if isinstance(sent, str) and sent:
        # A proxy may send the whole address; the host in it is not to be trusted.
        parts = urlsplit(sent) if not sent.startswith("/") else None
        if parts is None:
            return sent.partition("#")[0]
        return parts.path + (f"?{parts.query}" if parts.query else "")
    path = quote(
        environ.get("PATH_INFO", "").encode("latin-1"), safe="/:@!$&'()*+,;=~-._"
    )
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def _refusal(refused: DeliveryRefused) -> Response:
    answer = Response(
        f"{refused}\n", status=refused.status, content_type="text/plain; charset=utf-8"
    )
    if refused.status == _UNAVAILABLE:
        answer.headers["Retry-After"] = _RETRY_SECONDS
    return answer
