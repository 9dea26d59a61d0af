"""CRM accounts that tell of changes: people act in them, and deliveries come out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from adapters.budget import LocalBudget
from adapters.hubspot import open_crm, open_source
from adapters.ports import ChangeSource, Crm, HeardKind, Inbound
from adapters.sandbox import Sandbox
from adapters.sandbox.hubspot import signatures
from adapters.sandbox.hubspot.account import DEFAULT_APP, DEFAULT_SECRET
from connector.clock import SystemClock
from rules.model import ActorClass, Kind, RecordId, RecordRef
from tests.sandbox.kit import REP, Control, Receiver

PORTAL = 4_711_001
_OBJECTS = {
    Kind.DEAL: "deals",
    Kind.LEAD: "leads",
    Kind.CONTACT: "contacts",
    Kind.COMPANY: "companies",
}
_NAMES = {
    "deals": "dealname",
    "leads": "hs_lead_name",
    "contacts": "lastname",
    "companies": "name",
}
_SOURCES = {
    ActorClass.PERSON: {"source": "user", "user": REP},
    ActorClass.WORKFLOW: {"source": "workflow"},
    ActorClass.INTEGRATION: {"source": "integration", "app_id": 55},
    ActorClass.IMPORT: {"source": "import"},
    ActorClass.AGENT: {"source": "BREEZE_AGENT"},
    ActorClass.OURSELVES: {"source": "integration", "app_id": DEFAULT_APP},
}
_EVENTS = ("creation", "deletion", "merge", "restore", "associationChange")


class Sender(Protocol):
    """An account with people at work in it, and the deliveries that tell of it.

    `stranger` checks for another account with the same secret. Records of `kinds` are
    told of, new ones as `made_as`; `actors` are told apart. A delivery with a wrong
    secret is `forged`.
    """

    crm: Crm
    source: ChangeSource
    stranger: ChangeSource
    kinds: Sequence[Kind]
    actors: Sequence[ActorClass]
    made_as: HeardKind
    forged: tuple[int, str]

    def add(self, kind: Kind, *, by: ActorClass = ActorClass.PERSON) -> RecordRef:
        """Make a record."""
        ...

    def rename(
        self,
        ref: RecordRef,
        name: str,
        *,
        by: ActorClass = ActorClass.PERSON,
        at: datetime | None = None,
    ) -> str:
        """Give a record another name, and return the property that this changes."""
        ...

    def write_elsewhere(self) -> None:
        """Make a record of a kind that is told of but not followed."""
        ...

    def refuse_first(self) -> None:
        """Have the receiver fail at the first delivery, so that it comes again."""
        ...

    def forget(self) -> None:
        """Leave out of `deliveries` what has come so far."""
        ...

    def use_secret(self, secret: str) -> None:
        """Deliver with this secret from here on."""
        ...

    def deliveries(self) -> list[Inbound]:
        """Return what came, when all of it has come."""
        ...

    def sign(self, inbound: Inbound, body: bytes) -> Inbound:
        """Return the delivery with another body, as good as if the account sent it."""
        ...

    def stop(self) -> None:
        """Have nothing delivered any more."""
        ...


class HubSpotSender:
    """HubSpot's sandbox; without `has_leads` its contacts are the leads.

    It signs what it sends, and tells in it what has happened.
    """

    actors = tuple(_SOURCES)
    made_as = HeardKind.CREATED
    forged = (401, "signature")

    def __init__(
        self,
        sandbox: Sandbox,
        control: Control,
        receiver: Receiver,
        *,
        has_leads: bool = True,
    ) -> None:
        self._control = control
        self._receiver = receiver
        self._clock = SystemClock()
        self._address = receiver.url
        others = (Kind.LEAD, Kind.CONTACT) if has_leads else (Kind.LEAD,)
        self.kinds = (Kind.DEAL, Kind.COMPANY, *others)
        self._objects = dict(_OBJECTS)
        if not has_leads:
            self._objects[Kind.LEAD] = "contacts"
        control.post("reset")
        control.post(
            "hubspot/seed",
            settings={
                "burst_limit": 0,
                "search_limit": 0,
                "leads_enabled": has_leads,
            },
            users=[{"email": REP, "name": "Robin Rep"}],
        )
        control.post(
            "hubspot/webhooks",
            target_url=self._address,
            secret=DEFAULT_SECRET,
            habits={"first_retry_ms": 5},
            subscriptions=_subscriptions(has_leads=has_leads),
        )
        self.source, self.stranger = (
            open_source(
                secrets=["an-older-secret", DEFAULT_SECRET],
                portal_id=portal_id,
                app_id=DEFAULT_APP,
                has_leads=has_leads,
            )
            for portal_id in (PORTAL, PORTAL + 1)
        )
        self.crm = open_crm(
            token=sandbox.hubspot_token,
            portal_id=PORTAL,
            app_id=DEFAULT_APP,
            api_url=sandbox.hubspot_url,
            budget=LocalBudget(limit=100_000, window=timedelta(seconds=1)),
            clock=self._clock,
            allow_private=True,
        )

    def add(self, kind: Kind, *, by: ActorClass = ActorClass.PERSON) -> RecordRef:
        objects = self._objects[kind]
        links = []
        if objects == "leads":
            person = self.add(Kind.CONTACT)
            links = [{"object": "contacts", "id": person.id, "type": 578}]
        made = self._control.post(
            "hubspot/create",
            object=objects,
            properties={_NAMES[objects]: "Acme"},
            associations=links,
            **_SOURCES[by],
        )
        return RecordRef(kind, RecordId(made["id"]))

    def rename(
        self,
        ref: RecordRef,
        name: str,
        *,
        by: ActorClass = ActorClass.PERSON,
        at: datetime | None = None,
    ) -> str:
        named = _NAMES[self._objects[ref.kind]]
        moment = {} if at is None else {"at": at.isoformat()}
        self._act("act", ref, properties={named: name}, **_SOURCES[by], **moment)
        return named

    def delete(self, ref: RecordRef) -> None:
        """Have the rep delete a record."""
        self._act("delete", ref, user=REP)

    def restore(self, ref: RecordRef) -> None:
        """Have the rep restore a record."""
        self._act("restore", ref, user=REP)

    def merge(self, ref: RecordRef, other: RecordRef) -> RecordRef:
        """Have the rep merge two records; return the one that lives on."""
        merged = self._act("merge", ref, other=other.id, user=REP)
        return RecordRef(ref.kind, RecordId(merged["id"]))

    def link(self, ref: RecordRef, other: RecordRef) -> None:
        """Have the rep link two records."""
        to = {"object": self._objects[other.kind], "id": other.id}
        self._act("associate", ref, to=to, user=REP)

    def write_elsewhere(self) -> None:
        self._control.post(
            "hubspot/create", object="notes", properties={"hs_timestamp": "-1d"}
        )

    def refuse_first(self) -> None:
        self._receiver.answers = [500]

    def forget(self) -> None:
        self.deliveries()
        self._receiver.posts.clear()

    def use_address(self, query: str) -> None:
        """Deliver to an address with this query."""
        self._address = f"{self._receiver.url}?{query}"
        self._control.post("hubspot/webhooks", target_url=self._address)

    def use_secret(self, secret: str) -> None:
        self._control.post("hubspot/webhooks", secret=secret)

    def deliveries(self) -> list[Inbound]:
        assert self._control.post("hubspot/webhooks/flush")["done"]
        now = self._clock.now()
        return [
            Inbound("POST", self._address, headers, body, now)
            for headers, body in self._receiver.posts
        ]

    def sign(self, inbound: Inbound, body: bytes) -> Inbound:
        at_ms = int(inbound.received_at.timestamp() * 1000)
        headers = signatures.headers(
            DEFAULT_SECRET, url=inbound.url, body=body, at_ms=at_ms
        )
        return replace(inbound, body=body, headers=headers)

    def stop(self) -> None:
        self._control.post("hubspot/webhooks", target_url="")
        self._control.post("hubspot/webhooks/flush", hurry=True)
        self._control.post("hubspot/webhooks/clear")

    def _act(self, act: str, ref: RecordRef, **more: Any) -> Mapping[str, Any]:
        objects = self._objects[ref.kind]
        return self._control.post(f"hubspot/{act}", object=objects, id=ref.id, **more)


def _subscriptions(*, has_leads: bool) -> list[dict[str, Any]]:
    """Return what tells everything of our kinds: leads have generic events only."""
    wanted: list[dict[str, Any]] = [{"event": "object.creation", "object": "note"}]
    for name in ("deal", "contact", "company"):
        wanted += [{"event": f"{name}.{one}"} for one in _EVENTS]
    for name, named in (
        ("deal", "dealname"),
        ("contact", "lastname"),
        ("company", "name"),
    ):
        wanted.append({"event": f"{name}.propertyChange", "properties": [named]})
    if has_leads:
        wanted += [{"event": f"object.{one}", "object": "lead"} for one in _EVENTS]
        wanted.append(
            {
                "event": "object.propertyChange",
                "object": "lead",
                "properties": ["hs_lead_name"],
            }
        )
    return wanted
