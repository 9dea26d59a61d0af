"""Apps installed in the account: their tokens, subscriptions and webhook channel."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adapters.sandbox.hubspot import signatures
from adapters.sandbox.hubspot.catalog import TYPES, ObjectType, find_type
from adapters.sandbox.hubspot.records import Source
from adapters.sandbox.webhooks import Channel, Item, Posting

Json = dict[str, Any]

EVENTS = (
    "creation",
    "deletion",
    "merge",
    "restore",
    "propertyChange",
    "associationChange",
)
_USUAL = {
    "deal": (
        "dealstage",
        "pipeline",
        "amount",
        "closedate",
        "hubspot_owner_id",
        "dealname",
        "hs_next_step",
        "closed_lost_reason",
        "hs_priority",
    ),
    "contact": ("lifecyclestage", "hs_lead_status", "hubspot_owner_id", "email"),
    "company": ("hubspot_owner_id", "name"),
}


class Happening(NamedTuple):
    """One thing that happened to a record, before it is put into webhook form."""

    type: ObjectType
    event: str
    object_id: str
    at: int
    source: Source
    property: str = ""
    value: str = ""
    more: Mapping[str, Any] = {}


@dataclass(slots=True)
class Subscription:
    """One subscription. `event` is `deal.propertyChange` or `object.propertyChange`.

    The latter, generic form names its object type in `type_id`.
    """

    id: int
    event: str
    property: str = ""
    type_id: str = ""
    is_active: bool = True


class App:
    """One installed app: what it hears of and where to."""

    def __init__(
        self,
        app_id: int,
        *,
        name: str,
        secret: str,
        portal_id: int,
        now_ms: Callable[[], int],
        next_number: Callable[[], int],
    ) -> None:
        self.id = app_id
        self.name = name
        self.secret = secret
        self.portal_id = portal_id
        self.target_url = ""
        self.subscriptions: list[Subscription] = []
        self._wanted: dict[tuple[str, str, str], list[Subscription]] = {}
        self._now_ms = now_ms
        self._next_number = next_number
        self.channel = Channel(
            f"hubspot:{app_id}",
            render=self._render,
            accepts=lambda status, _body: 200 <= status < 300,  # noqa: PLR2004
            now_ms=now_ms,
        )

    @property
    def source(self) -> Source:
        """Return what this app's writes are marked with."""
        return Source("INTEGRATION", str(self.id), None, self.name)

    def subscribe(self, wanted: Iterable[Mapping[str, Any] | str]) -> None:
        """Replace the subscriptions.

        Each is `deal.creation`, `{"event": "deal.propertyChange", "properties": [...]}`
        or, generic, `{"event": "object.propertyChange", "object": "lead", ...}`.
        Raises ValueError for an event that HubSpot does not have.
        """
        made: list[Subscription] = []
        for one in wanted:
            raw: Mapping[str, Any] = {"event": one} if isinstance(one, str) else one
            event = str(raw["event"])
            prefix, _, what = event.partition(".")
            found = find_type(str(raw.get("object") or prefix))
            if what not in EVENTS or found is None:
                raise ValueError(f"HubSpot has no webhook event {event!r}")
            type_id = found.type_id if prefix == "object" else ""
            properties = raw.get("properties") or [raw.get("property") or ""]
            if what == "propertyChange" and not all(properties):
                raise ValueError(f"{event} needs the properties that are subscribed")
            made += [
                Subscription(self._next_number(), event, str(name), type_id)
                for name in properties
            ]
        self.subscriptions = made
        self.index()

    def subscribe_usual(self) -> None:
        """Subscribe to what an integration with deals, contacts, companies uses."""
        wanted: list[Json | str] = []
        for singular, properties in _USUAL.items():
            wanted += [f"{singular}.{event}" for event in EVENTS[:4]]
            wanted.append(f"{singular}.associationChange")
            wanted.append(
                {"event": f"{singular}.propertyChange", "properties": properties}
            )
        self.subscribe(wanted)

    def index(self) -> None:
        """Note anew which subscription wants what."""
        self._wanted.clear()
        for one in self.subscriptions:
            if one.is_active:
                key = (one.event, one.type_id, one.property)
                self._wanted.setdefault(key, []).append(one)

    def tell(self, happenings: Sequence[Happening]) -> None:
        """Queue webhook events for what this app subscribed to."""
        if not self.target_url or not self._wanted:
            return
        items: list[Item] = []
        for one in happenings:
            plain = (f"{one.type.singular}.{one.event}", "", one.property)
            generic = (f"object.{one.event}", one.type.type_id, one.property)
            for key in (plain, generic):
                for subscription in self._wanted.get(key, ()):
                    items.append(self._event(one, subscription))  # noqa: PERF401
        self.channel.send(items)

    def _event(self, one: Happening, subscription: Subscription) -> Item:
        event: Item = {
            "eventId": self._next_number(),
            "subscriptionId": subscription.id,
            "portalId": self.portal_id,
            "appId": self.id,
            "occurredAt": one.at,
            "subscriptionType": subscription.event,
            "attemptNumber": 0,
        }
        # An association event names two records, and none of them as its own.
        is_link = one.event == "associationChange"
        if not is_link:
            event["objectId"] = int(one.object_id)
        if subscription.type_id:
            event["isSensitive"] = False
            if not is_link:
                event["objectTypeId"] = subscription.type_id
        if one.event == "propertyChange":
            event["propertyName"] = one.property
            event["propertyValue"] = one.value
        if one.event == "creation":
            event["changeFlag"] = "CREATED"
        if one.event == "deletion":
            event["changeFlag"] = "DELETED"
        event["changeSource"] = one.source.type
        if one.source.id:
            event["sourceId"] = one.source.id
        more = dict(one.more)
        if is_link and not subscription.type_id:
            # Only the generic form tells the types.
            more = {name: more[name] for name in more if "ObjectType" not in name}
        return event | more

    def _render(self, items: Sequence[Item], attempt: int) -> Posting:
        events = [item | {"attemptNumber": attempt} for item in items]
        body = json.dumps(events, separators=(",", ":")).encode()
        headers = signatures.headers(
            self.secret, url=self.target_url, body=body, at_ms=self._now_ms()
        )
        return Posting(self.target_url, headers, body)


@dataclass(slots=True)
class Token:
    """An access token. `expires_at` is epoch ms, None for a static token."""

    value: str
    app_id: int
    scopes: set[str]
    expires_at: int | None = None
    user_id: int = 0
    burst: list[int] = field(default_factory=list)
    searches: list[int] = field(default_factory=list)
    used_today: int = 0
    day: int = 0


def association_facts(
    source: tuple[str, str], target: tuple[str, str], *, removed: bool, primary: bool
) -> Json:
    """Return what an association event says besides the usual."""
    kinds = [TYPES[kind] for kind in (source[0], target[0])]
    names = [kind.singular.upper() for kind in kinds]
    return {
        "fromObjectTypeId": kinds[0].type_id,
        "toObjectTypeId": kinds[1].type_id,
        "associationType": "_TO_".join(names),
        "fromObjectId": int(source[1]),
        "toObjectId": int(target[1]),
        "associationRemoved": removed,
        "isPrimaryAssociation": primary,
    }
