"""A `World` of HubSpot: the sandbox and the people in it, the adapter as its `crm`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from adapters.budget import LocalBudget
from adapters.hubspot import open_crm
from adapters.sandbox import Sandbox
from adapters.sandbox.hubspot.account import DEFAULT_APP
from connector.clock import SystemClock
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
from tests.hubspot.kit import PORTAL, Night
from tests.sandbox.kit import Control

REP, FORMER, OTHER = "rep@example.com", "gone@example.com", "other@example.com"

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
_STAGE = {"deals": "dealstage", "leads": "hs_pipeline_stage"}
_SOURCES = {
    ActorClass.PERSON: "user",
    ActorClass.WORKFLOW: "workflow",
    ActorClass.INTEGRATION: "integration",
    ActorClass.IMPORT: "import",
}
_VOID = {
    EvidenceKind.CALLS: {"hs_call_status": "NO_ANSWER"},
    EvidenceKind.MEETINGS: {"hs_meeting_outcome": "CANCELED"},
    EvidenceKind.EMAILS: {"hs_email_status": "BOUNCED"},
    EvidenceKind.EMAILS_SENT: {"hs_email_status": "BOUNCED"},
    EvidenceKind.QUOTES: {"hs_status": "DRAFT"},
    EvidenceKind.TASKS: {"hs_task_status": "COMPLETED"},
}
_OWN = (("decision_maker", "string"), ("contract_date", "date"))
_OWN_OF_CHOICE = (("has_budget", "bool"), ("demo_at", "datetime"))
_DOORS = {
    Door.READ: "batch/read|search|/properties/|/owners",
    Door.WRITE: "(deals|leads|contacts|companies)/batch/update",
    Door.NOTES: "notes/batch/create",
    Door.TASKS: "tasks/batch/create",
}


class _Ahead:
    """The machine's time, as far ahead as the sandbox's is."""

    def __init__(self) -> None:
        self.by = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.by


class HubSpotWorld:
    """A fresh account of the sandbox; without `has_leads`, contacts are its leads."""

    fields: Mapping[FieldName, PropertyName] = {
        FieldName("amount"): PropertyName("amount"),
        **{FieldName(one): PropertyName(one) for one, _ in (*_OWN, *_OWN_OF_CHOICE)},
    }
    mergeable = Kind.DEAL
    blank: Mapping[FieldName, Value] = {}
    page = 200

    def __init__(
        self, sandbox: Sandbox, control: Control, *, version: str, has_leads: bool
    ) -> None:
        self._control = control
        self._has_leads = has_leads
        self._ahead = _Ahead()
        self._accounts: dict[RecordRef, RecordRef] = {}
        self._persons: dict[RecordRef, RecordRef] = {}
        control.post("reset")
        own = [{"name": name, "type": kind} for name, kind in (*_OWN, *_OWN_OF_CHOICE)]
        control.post(
            "hubspot/seed",
            settings={
                "burst_limit": 0,
                "search_limit": 0,
                "leads_enabled": has_leads,
            },
            users=[
                {"email": REP, "name": "Robin Rep"},
                {"email": FORMER, "name": "Gerda Gone", "is_active": False},
                {"email": OTHER, "name": "Otto Other"},
            ],
            properties={"deals": own},
        )
        owners = control.get("hubspot/account")["owners"]
        self._emails = {owner: email for email, owner in owners.items()}
        self.rep, self.former = OwnerId(owners[REP]), OwnerId(owners[FORMER])
        self.other = OwnerId(owners[OTHER])
        night = Night()
        self.crm = open_crm(
            token=sandbox.hubspot_token,
            portal_id=PORTAL,
            app_id=DEFAULT_APP,
            api_url=sandbox.hubspot_url,
            api_version=version,
            budget=LocalBudget(
                limit=100_000,
                window=timedelta(seconds=1),
                sleep=night.sleep,
                monotonic=night.monotonic,
            ),
            clock=self._ahead,
            allow_private=True,
            sleep=night.sleep,
        )

    def told(self, by: ActorClass) -> ActorClass:
        return by

    def stages(self, kind: Kind) -> Sequence[StageId]:
        if kind is Kind.LEAD and not self._has_leads:
            names = ["lead", "marketingqualifiedlead", "salesqualifiedlead"]
        elif kind is Kind.LEAD:
            names = ["new-stage-id", "attempting-stage-id", "connected-stage-id"]
        else:
            names = [
                "appointmentscheduled",
                "qualifiedtobuy",
                "presentationscheduled",
                "decisionmakerboughtin",
                "contractsent",
                "closedwon",
                "closedlost",
            ]
        return [StageId(name) for name in names]

    def now(self) -> datetime:
        now_ms = self._control.get("clock")["now_ms"]
        return datetime.fromtimestamp(now_ms / 1000, UTC)

    def advance(self, by: timedelta) -> None:
        self._control.post("clock/advance", seconds=by.total_seconds())
        self._ahead.by += by

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
        objects = self._objects(kind)
        properties: dict[str, Any] = {
            _NAMES[objects]: name,
            **self._wire(values or {}),
        }
        if kind in {Kind.DEAL, Kind.LEAD}:
            properties[self._stage(kind)] = stage or self.stages(kind)[0]
        if owner is not None:
            properties["owner"] = self._emails[owner]
        record: dict[str, Any] = {
            "key": "one",
            "object": objects,
            "user": REP,
            "properties": properties,
        }
        if created_at is not None:
            record["at"] = created_at.isoformat()
        if objects != "leads":
            return _ref(kind, self._seed(records=[record])["ids"]["one"])
        person = self.add_record(Kind.CONTACT, created_at=created_at)
        record["associations"] = [{"object": "contacts", "id": person.id, "type": 578}]
        lead = _ref(kind, self._seed(records=[record])["ids"]["one"])
        self._persons[lead] = person
        return lead

    def add_many(self, count: int, *, created_at: datetime) -> list[RecordRef]:
        bulk = {
            "object": "deals",
            "count": count,
            "at": created_at.isoformat(),
            "properties": {
                "dealname": "Deal {n}",
                "dealstage": self.stages(Kind.DEAL)[0],
            },
        }
        return [_ref(Kind.DEAL, one) for one in self._seed(bulk=[bulk])["bulk"][0]]

    def move(
        self,
        ref: RecordRef,
        stage: StageId,
        *,
        by: ActorClass = ActorClass.PERSON,
        at: datetime | None = None,
    ) -> None:
        moment = {} if at is None else {"at": at.isoformat()}
        self._act(
            "act",
            ref,
            properties={self._stage(ref.kind): stage},
            source=_SOURCES[by],
            user=REP if by is ActorClass.PERSON else "",
            **moment,
        )

    def edit(self, ref: RecordRef, field: FieldName, value: Value) -> None:
        self._act("act", ref, properties=self._wire({field: value}), user=REP)

    def link(
        self,
        ref: RecordRef,
        kind: EvidenceKind,
        *,
        at: datetime | None = None,
        counts: bool = True,
    ) -> None:
        if kind is EvidenceKind.CONTACTS:
            person = self.add_record(Kind.CONTACT, name="Bos")
            to = {"object": "contacts", "id": person.id}
            self._act("associate", ref, to=to)
            return
        if kind is EvidenceKind.ACCOUNT_CONTACTS:
            self._add_account_contact(ref)
            return
        if kind is EvidenceKind.QUOTES:
            # HubSpot links no quote to a lead, but to the person it is about.
            ref = self._persons.get(ref, ref)
        is_received = kind is EvidenceKind.EMAILS
        self._control.post(
            "hubspot/log",
            kind="emails" if kind is EvidenceKind.EMAILS_SENT else kind.value,
            on={"object": self._objects(ref.kind), "id": ref.id},
            at=(at or self.now()).isoformat(),
            user=REP,
            properties={
                **({"hs_email_direction": "INCOMING_EMAIL"} if is_received else {}),
                **({} if counts else _VOID[kind]),
            },
        )

    def _add_account_contact(self, ref: RecordRef) -> None:
        """Give the record's account a contact; without an account, one first."""
        if ref.kind is Kind.COMPANY:
            account = ref
        elif ref in self._accounts:
            account = self._accounts[ref]
        else:
            account = self._accounts[ref] = self.add_record(Kind.COMPANY)
            self._act("associate", ref, to={"object": "companies", "id": account.id})
        person = self.add_record(Kind.CONTACT, name="Bos")
        self._act("associate", account, to={"object": "contacts", "id": person.id})

    def notes(self, ref: RecordRef) -> list[Pinned]:
        return self._pinned("notes", ref, "hs_note_body")

    def tasks(self, ref: RecordRef) -> list[Pinned]:
        return self._pinned("tasks", ref, "hs_task_body")

    def complete_task(self, task_id: str) -> None:
        self._control.post("hubspot/complete", id=task_id, user=REP)

    def delete(self, ref: RecordRef) -> None:
        self._act("delete", ref, user=REP)

    def restore(self, ref: RecordRef) -> None:
        self._act("restore", ref, user=REP)

    def merge(self, ref: RecordRef, other: RecordRef) -> RecordRef:
        return _ref(ref.kind, self._act("merge", ref, other=other.id, user=REP)["id"])

    def archive_stage(self, kind: Kind, stage: StageId) -> None:
        self._control.post(
            "hubspot/stages/archive", object=self._objects(kind), stage=stage
        )

    def refuse(self, ref: RecordRef, reason: str) -> None:
        self._control.post(
            "faults",
            kind="partial",
            path="batch/update",
            ids=[ref.id],
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
            case Trouble.PAUSED:
                self._control.post(
                    "faults", kind="status", status=477, path=path, count=None
                )
            case Trouble.USED_UP:
                self._control.post(
                    "faults",
                    kind="status",
                    status=429,
                    body={"status": "error", "policyName": "DAILY"},
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
        scope = f"crm.objects.{self._objects(kind)}.write"
        self._control.post("hubspot/tokens/scopes", remove=[scope])

    def revoke(self) -> None:
        self._control.post("hubspot/tokens/expire")

    def _objects(self, kind: Kind) -> str:
        if kind is Kind.LEAD and not self._has_leads:
            return "contacts"
        return _OBJECTS[kind]

    def _stage(self, kind: Kind) -> str:
        return _STAGE.get(self._objects(kind), "lifecyclestage")

    def _wire(self, values: Mapping[FieldName, Value]) -> dict[str, Any]:
        return {
            self.fields[name]: one.isoformat() if isinstance(one, date) else one
            for name, one in values.items()
        }

    def _seed(self, **raw: Any) -> dict[str, Any]:
        return self._control.post("hubspot/seed", **raw)

    def _act(self, act: str, ref: RecordRef, **more: Any) -> dict[str, Any]:
        return self._control.post(
            f"hubspot/{act}", object=self._objects(ref.kind), id=ref.id, **more
        )

    def _pinned(self, objects: str, ref: RecordRef, body: str) -> list[Pinned]:
        on = f"{self._objects(ref.kind)}:{ref.id}"
        found = self._control.get(f"hubspot/objects/{objects}", on=on)["results"]
        return [_to_pinned(one["id"], one["properties"], body) for one in found]


def _ref(kind: Kind, record_id: object) -> RecordRef:
    return RecordRef(kind, RecordId(str(record_id)))


def _to_pinned(pinned_id: str, properties: Mapping[str, Any], body: str) -> Pinned:
    owner = properties.get("hubspot_owner_id")
    return Pinned(
        id=pinned_id,
        # What has no width is not seen.
        html="".join(sign for sign in properties[body] if sign.isprintable()),
        at=datetime.fromisoformat(properties["hs_timestamp"]),
        owner=OwnerId(owner) if owner else None,
        subject=properties.get("hs_task_subject", ""),
        is_urgent=properties.get("hs_task_priority") == "HIGH",
    )
