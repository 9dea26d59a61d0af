"""Webhooks: whether a delivery is HubSpot's, and what it says. Pure.

Bodies: developers.hubspot.com/docs/api-reference/2026-03/webhooks/guide
Signature: .../docs/apps/legacy-apps/authentication/validating-requests on that host
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.errors import Permanent
from adapters.hubspot.actors import to_actor
from adapters.json_bodies import parse_json
from adapters.ports import DeliveryRefused, Heard, HeardKind, Inbound
from rules.model import Kind, RecordId, RecordRef

Json = Mapping[str, Any]

TOLERANCE_MS = 5 * 60 * 1000
MOST_EVENTS = 1_000
"""HubSpot sends about a hundred in one delivery."""
LARGEST_BODY = 4 * 1024 * 1024

_SIGNATURE = "x-hubspot-signature-v3"
_TIMESTAMP = "x-hubspot-request-timestamp"
# These escapes are undone before signing, and no others.
_UNDONE = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_ESCAPE = re.compile("|".join(_UNDONE), re.IGNORECASE)
_ID = re.compile(r"[1-9][0-9]{0,18}")
"""HubSpot counts in 64 bits. One id that is none would spoil a whole batch."""

_BY_NAME = {
    "deal": Kind.DEAL,
    "lead": Kind.LEAD,
    "contact": Kind.CONTACT,
    "company": Kind.COMPANY,
}
_BY_TYPE_ID = {
    "0-3": Kind.DEAL,
    "0-136": Kind.LEAD,
    "0-1": Kind.CONTACT,
    "0-2": Kind.COMPANY,
}
_KINDS = {
    "creation": HeardKind.CREATED,
    "propertyChange": HeardKind.CHANGED,
    "deletion": HeardKind.DELETED,
    "privacyDeletion": HeardKind.DELETED,
    "restore": HeardKind.RESTORED,
    "merge": HeardKind.MERGED,
    "associationChange": HeardKind.LINKED,
}


class HubSpotSource:
    """Deliveries of one connected account."""

    def __init__(
        self,
        *,
        secrets: Sequence[str],
        portal_id: int | str,
        app_id: int | None,
        has_leads: bool = True,
    ) -> None:
        """Accept signatures by any of `secrets`, so that a secret can be changed.

        Where an account has no leads (`has_leads` false), its contacts are the leads.
        """
        if not secrets or not all(secrets):
            raise Permanent("The webhook secret is empty: enter the app's secret.")
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._portal_id = str(portal_id)
        self._app_id = app_id
        self._contact = Kind.CONTACT if has_leads else Kind.LEAD

    def admit(self, headers: Mapping[str, str]) -> None:
        """Let everybody in: the signature covers the body."""

    def check(self, inbound: Inbound) -> bytes:
        """Verify signature, shape and account, or raise DeliveryRefused."""
        if len(inbound.body) > LARGEST_BODY:
            raise DeliveryRefused("The body is too large.", reason="size", status=413)
        self._check_signature(inbound)
        for event in _events(inbound.body):
            if str(event.get("portalId")) != self._portal_id:
                raise DeliveryRefused(
                    "The events are those of another account.",
                    reason="account",
                    status=403,
                )
        return inbound.body

    def hear(self, body: bytes) -> Sequence[Heard]:
        """Return what a checked delivery says. Unknown events come as `other`."""
        return [self._heard(event) for event in _events(body)]

    def acknowledgement(self) -> tuple[bytes, str]:
        """Return the empty answer that HubSpot is content with."""
        return b"", "text/plain"

    def _check_signature(self, inbound: Inbound) -> None:
        headers = {name.lower(): value for name, value in inbound.headers.items()}
        given, stamp = headers.get(_SIGNATURE), headers.get(_TIMESTAMP)
        if not given or not stamp:
            raise _forged("The signature (version 3) or its time is missing.")
        if not (stamp.isascii() and stamp.isdigit()):
            raise _forged("The time of the signature is no number.")
        now_ms = inbound.received_at.timestamp() * 1000
        if abs(now_ms - int(stamp[:16])) > TOLERANCE_MS:
            raise DeliveryRefused(
                "The signature is more than five minutes off: look at the clocks.",
                reason="stale",
                status=401,
            )
        try:
            wanted = base64.b64decode(given, validate=True)
        except (binascii.Error, ValueError):
            raise _forged("The signature is not valid base64.") from None
        message = (
            inbound.method.upper().encode()
            + _unescape(inbound.url).encode()
            + inbound.body
            + stamp.encode()
        )
        is_good = False
        for secret in self._secrets:
            made = hmac.digest(secret, message, hashlib.sha256)
            is_good |= hmac.compare_digest(made, wanted)
        if not is_good:
            raise _forged("The signature does not fit the secret and this address.")

    def _heard(self, event: Json) -> Heard:
        prefix, _, what = _type_of(event).partition(".")
        kind = _KINDS.get(what, HeardKind.OTHER)
        record_kind = (
            _BY_TYPE_ID.get(str(_of_record(event, "objectTypeId", "fromObjectTypeId")))
            if prefix == "object"
            else _BY_NAME.get(prefix)
        )
        if record_kind is Kind.CONTACT:
            record_kind = self._contact
        ref: RecordRef | None = None
        merged: tuple[RecordRef, ...] = ()
        if record_kind is not None and kind is not HeardKind.OTHER:
            if kind is HeardKind.MERGED:
                ref, merged = _merge(event, record_kind)
            else:
                ref = _ref(record_kind, _of_record(event, "objectId", "fromObjectId"))
        value = event.get("propertyValue")
        return Heard(
            key=_key(event),
            kind=kind if ref is not None else HeardKind.OTHER,
            ref=ref,
            occurred_at=_instant(event.get("occurredAt")),
            actor=to_actor(
                str(event.get("changeSource") or ""),
                str(event.get("sourceId") or ""),
                app_id=self._app_id,
            ),
            property=str(event.get("propertyName") or ""),
            value=None if value is None else str(value),
            merged=merged,
        )


def _unescape(url: str) -> str:
    return _ESCAPE.sub(lambda found: _UNDONE[found[0].upper()], url)


def _forged(message: str) -> DeliveryRefused:
    return DeliveryRefused(message, reason="signature", status=401)


def _malformed(message: str) -> DeliveryRefused:
    return DeliveryRefused(message, reason="shape", status=400)


def _events(body: bytes) -> list[Json]:
    try:
        events = parse_json(body)
    except ValueError:
        raise _malformed("The body is not JSON.") from None
    if not isinstance(events, list):
        raise _malformed("The body is no list of events.")
    if len(events) > MOST_EVENTS:
        raise _malformed(f"The body holds more than {MOST_EVENTS} events.")
    if not all(isinstance(event, dict) for event in events):
        raise _malformed("An event is no object.")
    return events


def _type_of(event: Json) -> str:
    # HubSpot's own table of fields calls it eventType; subscriptionType is what it
    # sends.
    return str(event.get("subscriptionType") or event.get("eventType") or "")


def _of_record(event: Json, name: str, of_link: str) -> object:
    # An association event speaks of two records and may name neither as its own: it
    # comes once from each side, and that side is the `from`.
    return event.get(name) or event.get(of_link)


def _ref(kind: Kind, record_id: object) -> RecordRef | None:
    text = str(record_id)
    return RecordRef(kind, RecordId(text)) if _ID.fullmatch(text) else None


def _merge(event: Json, kind: Kind) -> tuple[RecordRef | None, tuple[RecordRef, ...]]:
    """Return the record that lives on, and those that became it."""
    raw = event.get("mergedObjectIds")
    gone = [event.get("primaryObjectId"), *(raw if isinstance(raw, list) else ())]
    alive = _ref(
        kind,
        event.get("newObjectId")
        or event.get("primaryObjectId")
        or event.get("objectId"),
    )
    refs = (_ref(kind, one) for one in gone)
    others = tuple(dict.fromkeys(ref for ref in refs if ref and ref != alive))
    return alive, others


def _instant(ms: object) -> datetime:
    try:
        return datetime.fromtimestamp(int(str(ms)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


_KEYED = (
    "portalId",
    "appId",
    "objectTypeId",
    "objectId",
    "fromObjectId",
    "toObjectId",
    "propertyName",
    "occurredAt",
    # HubSpot does not promise that this number is unique, so it never stands alone.
    "eventId",
)


def _key(event: Json) -> str:
    """Return the same text for every attempt to deliver the same fact.

    A plain and a generic subscription tell one fact twice with different event ids;
    that costs a second look and nothing else.
    """
    parts = [_type_of(event), *(str(event.get(name) or "") for name in _KEYED)]
    return "|".join(parts)
