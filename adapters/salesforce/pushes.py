"""The JSON variant: what a flow's HTTP callout or an Apex trigger posts. Pure.

The format is ours, with Salesforce's own field names, so that a flow fills it from
`$Record` and `$Organization`: one object for a record, or a list of up to a hundred.

    {"OrganizationId": "00D…", "Object": "Opportunity", "Id": "006…",
     "SystemModstamp": "2026-12-01T12:00:00.000Z", "LastModifiedById": "005…"}

Salesforce does not repeat a callout that failed; the sweep finds what was lost.
"""

import json
from collections.abc import Mapping
from typing import Any

from adapters.json_bodies import parse_json
from adapters.salesforce.soap import (
    LONGEST_ID,
    MOST_NOTIFICATIONS,
    MalformedError,
    Notification,
    Told,
)

ACKNOWLEDGEMENT = b'{"accepted":true}'
CONTENT_TYPE = "application/json"

_ORGANIZATION, _OBJECT, _KEY = "OrganizationId", "Object", "NotificationId"
_SESSION = "sessionid"


def read_push(body: bytes) -> Told:
    """Return what a JSON body tells; raises MalformedError."""
    try:
        found = parse_json(body, to_object=_without_session)
    except ValueError:
        raise MalformedError("The body is not JSON.") from None
    pushes = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) for one in pushes):
        raise MalformedError("The body is neither a JSON object nor a list of them.")
    if not 1 <= len(pushes) <= MOST_NOTIFICATIONS:
        raise MalformedError(f"The list must hold 1 to {MOST_NOTIFICATIONS} records.")
    organizations = {_text(one, _ORGANIZATION) for one in pushes}
    if len(organizations) != 1:
        raise MalformedError("The list speaks of several organizations.")
    return Told(
        organization_id=organizations.pop(),
        notifications=tuple(_to_notification(one) for one in pushes),
        kept=json.dumps(pushes).encode(),
    )


def _without_session(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object without a session id that somebody may have put into it."""
    return {
        name: value
        for name, value in pairs
        if name.replace("_", "").casefold() != _SESSION
    }


def _to_notification(raw: Mapping[str, Any]) -> Notification:
    kind, record_id = _text(raw, _OBJECT), _text(raw, "Id")
    key = raw.get(_KEY)
    if not key:
        stamp = _text(raw, "SystemModstamp")
        key = f"{kind}|{record_id}|{stamp}"
    if not isinstance(key, str | int) or len(str(key)) > LONGEST_ID:
        raise MalformedError(
            f"{_KEY} must be a text of at most {LONGEST_ID} characters, and so must"
            " object, id and time together."
        )
    return Notification(
        id=f"push|{key}",
        object=kind,
        fields={
            name: json.dumps(value) if isinstance(value, bool) else str(value)
            for name, value in raw.items()
            if value is not None and name not in {_ORGANIZATION, _OBJECT, _KEY}
        },
    )


def _text(raw: Mapping[str, Any], name: str) -> str:
    found = raw.get(name)
    if not isinstance(found, str) or not found:
        raise MalformedError(f"{name} is missing: add it to what the flow sends.")
    return found
