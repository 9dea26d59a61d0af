"""A `World` of Salesforce: the sandbox and the people in it, the adapter as its `crm`.

Two things are told less exactly there, and so here: a change has a second and no
fraction of it, and who made it is a user, whatever moved the user's hand.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any

import pytest
from redis import Redis

from adapters.budget import LocalBudget
from adapters.salesforce import open_crm
from adapters.sandbox import Sandbox
from rules.model import (
    ActorClass,
    EvidenceKind,
    FieldName,
    Kind,
    OwnerId,
    PropertyName,
    RecordId,
    RecordRef,
    StageId,
    Value,
)
from tests.fakes.world import Door, Pinned, Trouble
from tests.hubspot.kit import Night
from tests.salesforce.kit import SITE, Ahead, keeper_of
from tests.sandbox.kit import Control

REP, FORMER, OTHER = "rep@example.com", "gone@example.com", "other@example.com"
FLOW, ROBOT = "flow@example.com", "robot@example.com"

_OBJECTS = {
    Kind.DEAL: "Opportunity",
    Kind.LEAD: "Lead",
    Kind.CONTACT: "Contact",
    Kind.COMPANY: "Account",
}
_STAGE = {Kind.DEAL: "StageName", Kind.LEAD: "Status"}
_NAME = {Kind.LEAD: "LastName", Kind.CONTACT: "LastName"}
_OWN = (
    ("Decision_Maker__c", "string"),
    ("Contract_Date__c", "date"),
    ("Has_Budget__c", "boolean"),
    ("Demo_At__c", "datetime"),
)
_LOGS = {
    EvidenceKind.CALLS: "call",
    EvidenceKind.MEETINGS: "meeting",
    EvidenceKind.EMAILS: "email",
    EvidenceKind.EMAILS_SENT: "email",
    EvidenceKind.QUOTES: "quote",
    EvidenceKind.TASKS: "task",
}
_HELD: Mapping[EvidenceKind, Mapping[str, Any]] = {
    EvidenceKind.EMAILS: {"Incoming": True},
    EvidenceKind.QUOTES: {"Status": "Presented"},
}
_VOID: Mapping[EvidenceKind, Mapping[str, Any]] = {
    # Planned, and never held.
    EvidenceKind.CALLS: {"Status": "Not Started"},
    EvidenceKind.EMAILS: {"IsBounced": True},
    EvidenceKind.EMAILS_SENT: {"Status": "5"},
    EvidenceKind.QUOTES: {"Status": "Draft"},
    EvidenceKind.TASKS: {"Status": "Completed"},
}
_DOORS = {
    Door.READ: r"/query|/composite$|/composite/sobjects/|/describe|/sobjects$",
    Door.WRITE: r"/sobjects/(Opportunity|Lead|Contact|Account)/",
    # Posts and tasks are made on one path: what is made next is meant.
    Door.NOTES: r"/composite/sobjects$",
    Door.TASKS: r"/composite/sobjects$",
}

_LIMITS = {
    Trouble.PAUSED: "ConcurrentPerOrgLongTxn Limit exceeded.",
    Trouble.USED_UP: "TotalRequests Limit exceeded.",
}


class SalesforceWorld:
    """A fresh organisation of the sandbox; it may lack feeds and quotes."""

    fields: Mapping[FieldName, PropertyName] = {
        FieldName("amount"): PropertyName("Amount"),
        FieldName("decision_maker"): PropertyName("Decision_Maker__c"),
        FieldName("contract_date"): PropertyName("Contract_Date__c"),
        FieldName("has_budget"): PropertyName("Has_Budget__c"),
        FieldName("demo_at"): PropertyName("Demo_At__c"),
    }
    mergeable = Kind.LEAD
    blank: Mapping[FieldName, Value] = {FieldName("has_budget"): False}
    page = 2_000

    def __init__(
        self,
        sandbox: Sandbox,
        control: Control,
        redis: Redis,
        *,
        has_feeds: bool,
        has_quotes: bool,
    ) -> None:
        self._control = control
        self._has_feeds, self._has_quotes = has_feeds, has_quotes
        self._ahead = Ahead(control)
        self._accounts: dict[RecordRef, RecordRef] = {}
        control.post("reset")
        control.post(
            "salesforce/seed",
            settings={
                "daily_limit": 1_000_000,
                "feeds_enabled": has_feeds,
                "quotes_enabled": has_quotes,
                "tracks_stage_history": True,
            },
            users=[
                {"email": REP, "name": "Robin Rep"},
                {"email": FORMER, "name": "Gerda Gone", "is_active": False},
                {"email": OTHER, "name": "Otto Other"},
                {
                    "email": FLOW,
                    "name": "Automated Process",
                    "type": "AutomatedProcess",
                },
                {"email": ROBOT, "name": "Insights", "type": "CloudIntegrationUser"},
            ],
            fields={
                "Opportunity": [{"name": name, "type": kind} for name, kind in _OWN]
            },
        )
        org = control.get("salesforce/org")
        users = org["users"]
        self._emails = {owner: email for email, owner in users.items()}
        self.rep, self.former = OwnerId(users[REP]), OwnerId(users[FORMER])
        self.other = OwnerId(users[OTHER])
        night = Night()
        self.crm = open_crm(
            keeper=keeper_of(
                sandbox, redis, clock=self._ahead, sleep=self._ahead.sleep
            ),
            organization_id=org["id"],
            site_url=SITE,
            budget=LocalBudget(sleep=night.sleep, monotonic=night.monotonic),
            clock=self._ahead,
            allow_private=True,
            sleep=self._ahead.sleep,
        )

    def told(self, by: ActorClass) -> ActorClass:
        # An import runs in a person's name.
        return ActorClass.PERSON if by is ActorClass.IMPORT else by

    def stages(self, kind: Kind) -> Sequence[StageId]:
        if kind is Kind.LEAD:
            names = [
                "Open - Not Contacted",
                "Working - Contacted",
                "Closed - Converted",
            ]
        else:
            names = [
                "Prospecting",
                "Qualification",
                "Needs Analysis",
                "Value Proposition",
                "Id. Decision Makers",
                "Perception Analysis",
                "Proposal/Price Quote",
                "Negotiation/Review",
                "Closed Won",
                "Closed Lost",
            ]
        return [StageId(name) for name in names]

    def now(self) -> datetime:
        now_ms = self._control.get("clock")["now_ms"]
        return datetime.fromtimestamp(now_ms / 1000, UTC)

    def advance(self, by: timedelta) -> None:
        self._ahead.advance(by)

    def add_record(
        self,
        kind: Kind = Kind.DEAL,
        *,
        stage: StageId | None = None,
        values: Mapping[FieldName, Value] | None = None,
        owner: OwnerId | None = None,
        created_at: datetime | None = None,
        name: str = "Acme",
    ) -> RecordRef:
        fields = {_NAME.get(kind, "Name"): name, **self._wire(values or {})}
        if kind is Kind.LEAD:
            fields["Company"] = "Acme"
        if kind in _STAGE:
            fields[_STAGE[kind]] = stage or self.stages(kind)[0]
        if owner is not None:
            fields["OwnerId"] = owner
        made = self._control.post(
            "salesforce/create",
            object=_OBJECTS[kind],
            fields=fields,
            user=REP,
            **_at(created_at),
        )
        return _ref(kind, made["id"])

    def add_many(self, count: int, *, created_at: datetime) -> list[RecordRef]:
        bulk = {
            "object": "Opportunity",
            "count": count,
            "at": created_at.isoformat(),
            "fields": {"Name": "Deal {n}", "StageName": self.stages(Kind.DEAL)[0]},
        }
        made = self._control.post("salesforce/seed", bulk=[bulk])["bulk"][0]
        return [_ref(Kind.DEAL, one) for one in made]

    def move(
        self,
        ref: RecordRef,
        stage: StageId,
        *,
        by: ActorClass = ActorClass.PERSON,
        at: datetime | None = None,
    ) -> None:
        users = {ActorClass.WORKFLOW: FLOW, ActorClass.INTEGRATION: ROBOT}
        self._control.post(
            "salesforce/act",
            id=ref.id,
            fields={_STAGE[ref.kind]: stage},
            user=users.get(by, REP),
            client="DataLoader" if by is ActorClass.IMPORT else "",
            **_at(at),
        )

    def edit(self, ref: RecordRef, field: FieldName, value: Value) -> None:
        fields = self._wire({field: value})
        self._control.post("salesforce/act", id=ref.id, fields=fields, user=REP)

    def link(
        self,
        ref: RecordRef,
        kind: EvidenceKind,
        *,
        at: datetime | None = None,
        counts: bool = True,
    ) -> None:
        if kind is EvidenceKind.QUOTES and not self._has_quotes:
            pytest.skip("this organisation has no quotes")
        if kind is EvidenceKind.CONTACTS:
            person = self.add_record(Kind.CONTACT, name="Bos")
            self._log(ref, "contact", fields={"ContactId": person.id})
            return
        if kind is EvidenceKind.ACCOUNT_CONTACTS:
            self._add_account_contact(ref)
            return
        if kind is EvidenceKind.QUOTES and ref.kind is Kind.LEAD:
            # There are none before somebody makes an opportunity of the lead.
            made = self._control.post("salesforce/convert", id=ref.id, user=REP)
            ref = _ref(Kind.DEAL, made["opportunity"])
        fields = {**_HELD.get(kind, {}), **({} if counts else _VOID.get(kind, {}))}
        made = self._log(
            ref, _LOGS[kind], at=(at or self.now()).isoformat(), fields=fields
        )
        if kind is EvidenceKind.MEETINGS and not counts:
            # Nothing is called off there but by deleting it.
            self._control.post("salesforce/delete", id=made, user=REP)

    def _add_account_contact(self, ref: RecordRef) -> None:
        """Give the record's account a contact; without an account, one first."""
        account = ref
        if ref.kind is not Kind.COMPANY:
            if ref not in self._accounts:
                self._accounts[ref] = self.add_record(Kind.COMPANY)
                fields = {"AccountId": self._accounts[ref].id}
                self._control.post("salesforce/act", id=ref.id, fields=fields, user=REP)
            account = self._accounts[ref]
        self._control.post(
            "salesforce/create",
            object="Contact",
            fields={"LastName": "Bos", "AccountId": account.id},
            user=REP,
        )

    def notes(self, ref: RecordRef) -> list[Pinned]:
        if not self._has_feeds:
            return [_to_task(one) for one in self._tasks(ref) if one["IsClosed"]]
        return [
            Pinned(
                id=one["Id"],
                html=_seen(one["Body"]),
                at=datetime.fromisoformat(one["CreatedDate"]),
            )
            for one in self._objects("FeedItem", ref)
        ]

    def tasks(self, ref: RecordRef) -> list[Pinned]:
        return [_to_task(one) for one in self._tasks(ref) if not one["IsClosed"]]

    def complete_task(self, task_id: str) -> None:
        self._control.post("salesforce/complete", id=task_id, user=REP)

    def delete(self, ref: RecordRef) -> None:
        self._control.post("salesforce/delete", id=ref.id, user=REP)

    def restore(self, ref: RecordRef) -> None:
        self._control.post("salesforce/restore", id=ref.id, user=REP)

    def merge(self, ref: RecordRef, other: RecordRef) -> RecordRef:
        made = self._control.post(
            "salesforce/merge", id=ref.id, other=other.id, user=REP
        )
        return _ref(ref.kind, made["id"])

    def archive_stage(self, kind: Kind, stage: StageId) -> None:
        assert kind is Kind.DEAL
        self._control.post("salesforce/stages/retire", stage=stage)

    def refuse(self, ref: RecordRef, reason: str) -> None:
        self._control.post(
            "faults",
            kind="status",
            status=400,
            path=f"/sobjects/.*/{ref.id}",
            category="FIELD_CUSTOM_VALIDATION_EXCEPTION",
            message=reason,
            count=None,
        )

    def trouble(self, door: Door, trouble: Trouble) -> None:
        path = _DOORS[door]
        match trouble:
            case Trouble.LOST:
                self._control.post("faults", kind="lose", path=path)
            case Trouble.DROPPED:
                self._control.post("faults", kind="drop", path=path)
            case Trouble.PAUSED | Trouble.USED_UP:
                self._control.post(
                    "faults",
                    kind="status",
                    status=403,
                    category="REQUEST_LIMIT_EXCEEDED",
                    message=_LIMITS[trouble],
                    path=path,
                    count=None,
                )
            case Trouble.BUSY:
                self._control.post(
                    "faults", kind="status", status=503, path=path, count=None
                )

    def recover(self) -> None:
        self._control.post("faults/clear")

    def withhold_writing(self, kind: Kind) -> None:
        self._control.post(
            "salesforce/objects/access", object=_OBJECTS[kind], access="read"
        )

    def revoke(self) -> None:
        self._control.post("salesforce/apps", secret="another")
        self._control.post("salesforce/sessions/expire")

    def _wire(self, values: Mapping[FieldName, Value]) -> dict[str, Any]:
        return {
            self.fields[name]: one.isoformat() if isinstance(one, date) else one
            for name, one in values.items()
        }

    def _log(self, ref: RecordRef, kind: str, **more: Any) -> str:
        logged = self._control.post(
            "salesforce/log", kind=kind, on=ref.id, user=REP, **more
        )
        return str(logged["id"])

    def _objects(self, name: str, ref: RecordRef) -> list[dict[str, Any]]:
        return self._control.get(f"salesforce/objects/{name}", on=ref.id)["results"]

    def _tasks(self, ref: RecordRef) -> list[dict[str, Any]]:
        found = self._objects("Task", ref)
        return [one for one in found if one["TaskSubtype"] == "Task"]


def _at(moment: datetime | None) -> dict[str, str]:
    return {} if moment is None else {"at": moment.isoformat()}


def _ref(kind: Kind, record_id: object) -> RecordRef:
    return RecordRef(kind, RecordId(str(record_id)))


def _seen(text: str) -> str:
    """What has no width is not seen."""
    return "".join(sign for sign in text if sign.isprintable())


def _to_task(row: Mapping[str, Any]) -> Pinned:
    """A description is plain: its lines are what paragraphs are elsewhere."""
    lines = [escape(_seen(line)) for line in row["Description"].splitlines()]
    due = row["ReminderDateTime"] or row["CreatedDate"]
    return Pinned(
        id=row["Id"],
        html="".join(f"<p>{line}</p>" for line in lines),
        at=datetime.fromisoformat(due),
        owner=OwnerId(row["OwnerId"]),
        subject=row["Subject"],
        is_urgent=row["Priority"] == "High",
    )
