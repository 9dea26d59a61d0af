from datetime import datetime, timedelta
from typing import Any

from redis import Redis

from adapters.http import Clock, Sleep
from adapters.oauth import TokenKeeper
from adapters.salesforce.grants import ClientCredentials
from adapters.salesforce.token_endpoint import TokenEndpoint
from adapters.sandbox import Sandbox
from adapters.sandbox.salesforce.sessions import DEFAULT_CLIENT, DEFAULT_SECRET
from connector.clock import SystemClock
from rules.model import (
    AMOUNT,
    CLOSE_DATE,
    FORECAST_CATEGORY,
    PROBABILITY,
    FieldName,
    Kind,
    PropertyName,
    RecordId,
    RecordRef,
)
from tests.sandbox.kit import Control

SITE = "https://acme.lightning.force.com"
FIELDS = {
    AMOUNT: PropertyName("Amount"),
    CLOSE_DATE: PropertyName("CloseDate"),
    PROBABILITY: PropertyName("Probability"),
    FORECAST_CATEGORY: PropertyName("ForecastCategoryName"),
    FieldName("next_step"): PropertyName("NextStep"),
}
FIRST, SECOND, LATER = "Prospecting", "Qualification", "Negotiation/Review"


class Ahead:
    """The machine's time, as far ahead as the sandbox's is."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._by = timedelta()
        self.naps: list[float] = []

    def now(self) -> datetime:
        return SystemClock().now() + self._by

    def sleep(self, seconds: float) -> None:
        """Let the time pass that somebody wants to wait."""
        self.naps.append(seconds)
        self.advance(timedelta(seconds=seconds))

    def advance(self, by: timedelta) -> None:
        self._control.post("clock/advance", seconds=by.total_seconds())
        self._by += by


def keeper_of(
    sandbox: Sandbox, redis: Redis, *, clock: Clock, sleep: Sleep
) -> TokenKeeper:
    """Return what signs in to the sandbox's organisation, as its own app."""
    endpoint = TokenEndpoint(
        sandbox.salesforce_url,
        client_id=DEFAULT_CLIENT,
        organization_id=sandbox.salesforce.id,
        clock=clock,
        allow_private=True,
        sleep=sleep,
    )
    grant = ClientCredentials(endpoint, DEFAULT_SECRET)
    return TokenKeeper(grant, redis=redis, name="acme")


def ref(record_id: object, kind: Kind = Kind.DEAL) -> RecordRef:
    return RecordRef(kind, RecordId(str(record_id)))


def seed(control: Control, name: str = "Opportunity", **record: Any) -> str:
    """Have one record in the organisation that nobody is told of; return its id."""
    needed = {
        "Opportunity": {"Name": "Acme", "StageName": FIRST},
        "Lead": {"LastName": "Bos", "Company": "Acme"},
        "Contact": {"LastName": "Bos"},
        "Account": {"Name": "Acme"},
    }
    fields = {**needed.get(name, {}), **record.pop("fields", {})}
    one = {"key": "one", "object": name, "at": "-3d", **record, "fields": fields}
    return str(control.post("salesforce/seed", records=[one])["ids"]["one"])


def seed_many(control: Control, count: int, **bulk: Any) -> list[RecordRef]:
    fields = {"Name": "Deal {n}", "StageName": FIRST, **bulk.pop("fields", {})}
    one = {"object": "Opportunity", "count": count, **bulk, "fields": fields}
    made = control.post("salesforce/seed", bulk=[one])["bulk"][0]
    return [ref(record_id) for record_id in made]


def stored(control: Control, record_id: str) -> dict[str, Any]:
    return control.get(f"salesforce/records/{record_id}")


def rows(control: Control, name: str, on: str = "") -> list[dict[str, Any]]:
    words = {"on": on} if on else {}
    found = control.get(f"salesforce/objects/{name}", **words)["results"]
    return [dict(one) for one in found]
