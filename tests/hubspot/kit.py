from typing import Any

from rules.model import (
    FieldName,
    Kind,
    PropertyName,
    RecordId,
    RecordRef,
)
from tests.sandbox.kit import Control

PORTAL = 4_711_001
FIELDS = {
    FieldName("amount"): PropertyName("amount"),
    FieldName("close_date"): PropertyName("closedate"),
    FieldName("lost_reason"): PropertyName("closed_lost_reason"),
}


class Night:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)

    def monotonic(self) -> float:
        return 1000.0 + sum(self.naps)


class Requests:
    """What was asked of the sandbox, in order."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def clear(self) -> None:
        self._control.post("requests/clear")

    def operations(self) -> list[str]:
        found = self._control.get("requests")["requests"]
        return [one["operation"] for one in found]


def ref(record_id: object, kind: Kind = Kind.DEAL) -> RecordRef:
    return RecordRef(kind, RecordId(str(record_id)))


def seed(control: Control, **record: Any) -> str:
    """Have one record in the account that nobody is told of; return its id."""
    one = {"key": "one", "object": "deals", "at": "-3d", **record}
    return str(control.post("hubspot/seed", records=[one])["ids"]["one"])


def seed_many(control: Control, count: int, **bulk: Any) -> list[str]:
    one = {
        "object": "deals",
        "count": count,
        "properties": {"dealname": "Deal {n}", "dealstage": "appointmentscheduled"},
        **bulk,
    }
    return list(control.post("hubspot/seed", bulk=[one])["bulk"][0])


def stored(control: Control, object_type: str, record_id: str) -> dict[str, Any]:
    found = control.get(f"hubspot/objects/{object_type}/{record_id}")
    return dict(found["properties"])
