"""A `Sender` of Salesforce: outbound messages, which are not signed.

They say of a record that it was saved, and not what was changed about it, nor that it
was deleted or merged; a new record looks like a changed one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from redis import Redis

from adapters.budget import LocalBudget
from adapters.ports import Heard, HeardKind, Inbound
from adapters.salesforce import open_crm, open_source
from adapters.sandbox import Sandbox
from adapters.sandbox.salesforce.defaults import INTEGRATION_USER
from rules.model import ActorClass, Kind, RecordId, RecordRef
from tests.salesforce.kit import SITE, Ahead, keeper_of
from tests.sandbox.kit import REP, Control, Receiver

FORMER, SECRET = "an-older-secret", "the-newest-secret"
_OBJECTS = {Kind.DEAL: "Opportunity", Kind.LEAD: "Lead"}
_NAMES = {Kind.DEAL: "Name", Kind.LEAD: "LastName"}
_NEW: Mapping[str, Mapping[str, str]] = {
    "Opportunity": {"Name": "Acme", "StageName": "Prospecting"},
    "Lead": {"LastName": "Bos", "Company": "Acme"},
    "Account": {"Name": "Acme"},
}
_USERS = {
    ActorClass.PERSON: {"user": REP},
    ActorClass.OURSELVES: {"user": INTEGRATION_USER},
}


class Door:
    """A source that is opened for each delivery, as the web process does it."""

    def __init__(self, organization_id: str, user_id: str) -> None:
        self._organization_id = organization_id
        self._user_id = user_id
        self._opened = self._open(SECRET)

    def admit(self, headers: Mapping[str, str]) -> None:
        self._opened.admit(headers)

    def check(self, inbound: Inbound) -> bytes:
        self._opened = self._open(inbound.url.rpartition("/")[2])
        return self._opened.check(inbound)

    def hear(self, body: bytes) -> Sequence[Heard]:
        return self._opened.hear(body)

    def acknowledgement(self) -> tuple[bytes, str]:
        return self._opened.acknowledgement()

    def _open(self, secret: str):
        return open_source(
            secrets=[SECRET, FORMER],
            organization_id=self._organization_id,
            secret=secret,
            integration_user_id=self._user_id,
        )


class SalesforceSender:
    """The sandbox's organisation, of which everything that is followed is told."""

    kinds = (Kind.DEAL, Kind.LEAD)
    actors = tuple(_USERS)
    made_as = HeardKind.CHANGED
    forged = (404, "secret")

    def __init__(
        self, sandbox: Sandbox, control: Control, receiver: Receiver, redis: Redis
    ) -> None:
        self._control = control
        self._receiver = receiver
        self._ahead = Ahead(control)
        self._secret = SECRET
        control.post("reset")
        control.post("salesforce/seed", users=[{"email": REP, "name": "Robin Rep"}])
        self._subscribe()
        org = control.get("salesforce/org")
        ours = sandbox.salesforce.integration_id
        self.source = Door(org["id"], ours)
        self.stranger = Door("00D000000000009EAA", ours)
        self.crm = open_crm(
            keeper=keeper_of(
                sandbox, redis, clock=self._ahead, sleep=self._ahead.sleep
            ),
            organization_id=org["id"],
            site_url=SITE,
            budget=LocalBudget(limit=100_000, window=timedelta(seconds=1)),
            clock=self._ahead,
            allow_private=True,
        )

    def add(self, kind: Kind, *, by: ActorClass = ActorClass.PERSON) -> RecordRef:
        made = self._make(_OBJECTS[kind], _USERS[by])
        return RecordRef(kind, RecordId(made))

    def rename(
        self,
        ref: RecordRef,
        name: str,
        *,
        by: ActorClass = ActorClass.PERSON,
        at: datetime | None = None,
    ) -> str:
        moment = {} if at is None else {"at": at.isoformat()}
        named = _NAMES[ref.kind]
        self._control.post(
            "salesforce/act", id=ref.id, fields={named: name}, **_USERS[by], **moment
        )
        return named

    def write_elsewhere(self) -> None:
        self._make("Account", _USERS[ActorClass.PERSON])

    def refuse_first(self) -> None:
        self._receiver.answers = [500]

    def forget(self) -> None:
        self.deliveries()
        self._receiver.posts.clear()

    def use_secret(self, secret: str) -> None:
        self._secret = secret
        self._subscribe()

    def deliveries(self) -> list[Inbound]:
        for name in _NEW:
            assert self._control.post("salesforce/outbound/flush", name=name)["done"]
        now = self._ahead.now()
        return [
            Inbound("POST", self._address, headers, body, now)
            for headers, body in self._receiver.posts
        ]

    def sign(self, inbound: Inbound, body: bytes) -> Inbound:
        return replace(inbound, body=body)

    def stop(self) -> None:
        """Have nothing sent any more."""
        for name in _NEW:
            self._control.post("salesforce/outbound", object=name, target_url="")
            self._control.post("salesforce/outbound/clear", name=name)

    @property
    def _address(self) -> str:
        return f"{self._receiver.url}/{self._secret}"

    def _make(self, name: str, by: Mapping[str, str]) -> str:
        made = self._control.post(
            "salesforce/create", object=name, fields=_NEW[name], **by
        )
        return str(made["id"])

    def _subscribe(self) -> None:
        for name in _NEW:
            self._control.post(
                "salesforce/outbound",
                object=name,
                fields=["LastModifiedById", "SystemModstamp"],
                target_url=self._address,
                habits={"first_retry_ms": 5},
            )
