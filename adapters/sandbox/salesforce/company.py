"""The small sales company in a Salesforce organisation."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.sandbox.company import MANAGER, PEOPLE, SANNE, STAGES, Account
from adapters.sandbox.remote import Remote
from adapters.sandbox.salesforce.defaults import INTEGRATION_USER
from adapters.sandbox.salesforce.sessions import DEFAULT_CLIENT, DEFAULT_SECRET

WEBHOOK_SECRET = "sandbox-webhook-secret"  # noqa: S105 - opens the sandbox only

_RECORD_TYPE = "Sales Pipeline"
_PROBABILITIES = (10, 20, 40, 60, 80, 100, 0)
_FORECASTS = (*("Pipeline",) * 5, "Closed", "Omitted")
_CLOSED = frozenset({"Won", "Lost"})
_FIELDS = (
    {"name": "Decision_Maker__c", "type": "string"},
    {"name": "Contract_Date__c", "type": "date"},
    {"name": "Lost_Reason__c", "type": "string"},
)
_NATIVE = {
    "amount": "Amount",
    "close_date": "CloseDate",
    "decision_maker": "Decision_Maker__c",
    "contract_date": "Contract_Date__c",
    "lost_reason": "Lost_Reason__c",
}
_TOLD: Mapping[str, tuple[str, ...]] = {
    "Opportunity": ("StageName", "LastModifiedById", "SystemModstamp"),
    "Lead": ("Status", "LastModifiedById", "SystemModstamp"),
    "Quote": ("OpportunityId", "SystemModstamp"),
    "Task": ("WhatId", "WhoId", "SystemModstamp"),
}
"""The objects whose saves send an outbound message, with the fields in it."""


class SalesforceCompany:
    """Acts through the control paths of the sandbox at `url`."""

    def __init__(self, url: str) -> None:
        """Use a fresh organisation."""
        self._url = url
        self._remote = Remote(url)
        self._record_type = ""
        self._stages = [
            {
                "name": label,
                "probability": probability,
                "forecast": forecast,
                "is_closed": label in _CLOSED,
                "is_won": label == "Won",
            }
            for label, probability, forecast in zip(
                STAGES, _PROBABILITIES, _FORECASTS, strict=True
            )
        ]

    def set_up(self) -> None:
        """Hire the people, and make the stages and fields that their work needs."""
        made = self._remote.post(
            "salesforce/seed",
            users=[
                {
                    "email": email,
                    "name": name,
                    "manager": None if email == MANAGER else MANAGER,
                }
                for email, name in PEOPLE.items()
            ],
            fields={"Opportunity": _FIELDS},
            stages=self._stages,
            record_types=[
                {"object": "Opportunity", "name": _RECORD_TYPE, "values": STAGES}
            ],
        )
        self._record_type = str(made["record_types"][_RECORD_TYPE])

    def account(self) -> Account:
        """Return how Slagboom gets in."""
        return Account(
            vendor="salesforce",
            settings={
                "instance_url": self._url,
                "login_url": self._url,
                "api_url": self._url,
                "client_id": DEFAULT_CLIENT,
                "org_id": str(self._remote.get("salesforce/org")["id"]),
            },
            secrets={
                "client_secret": DEFAULT_SECRET,
                "webhook_secret": WEBHOOK_SECRET,
            },
        )

    def send_webhooks_to(self, url: str) -> None:
        """Have the CRM tell of changes at this address, from here on.

        Slagboom's own saves send nothing: the flows leave the integration user out.
        """
        for name, fields in _TOLD.items():
            if not self._has(name):
                continue
            self._remote.post(
                "salesforce/outbound",
                object=name,
                fields=fields,
                silent=[INTEGRATION_USER],
                target_url=f"{url}/{WEBHOOK_SECRET}",
            )

    def add_stage(self, label: str) -> None:
        """Add a stage behind the others."""
        self._stages.append(
            {"name": label, "probability": 0, "forecast": "Pipeline"},
        )
        self._remote.post("salesforce/seed", stages=self._stages)

    def retire_stage(self, label: str) -> None:
        """Take a stage out of use."""
        self._remote.post("salesforce/stages/retire", stage=label)

    def add_deal(
        self, name: str, stage: str, *, owner: str = SANNE, **fields: str
    ) -> str:
        """Make a deal as its owner, and return its id."""
        made = self._remote.post(
            "salesforce/create",
            object="Opportunity",
            user=owner,
            fields={
                "Name": name,
                "StageName": stage,
                "RecordTypeId": self._record_type,
                "OwnerId": owner,
                **_to_wire(fields),
            },
        )
        return str(made["id"])

    def add_deals(self, count: int, stage: str, **fields: str) -> Sequence[str]:
        """Make many deals that nobody is told of, and return their ids."""
        made = self._remote.post(
            "salesforce/seed",
            bulk=[
                {
                    "object": "Opportunity",
                    "count": count,
                    "fields": {
                        "Name": "Deal {n}",
                        "StageName": stage,
                        "RecordTypeId": self._record_type,
                        **_to_wire(fields),
                    },
                    "owners": [SANNE],
                }
            ],
        )
        ids: list[str] = made["bulk"][0]
        return ids

    def add_lead(self, name: str, *, owner: str = SANNE) -> str:
        """Make a lead as its owner, and return its id."""
        made = self._remote.post(
            "salesforce/create",
            object="Lead",
            user=owner,
            fields={"LastName": name, "Company": name, "OwnerId": owner},
        )
        return str(made["id"])

    def move(self, deal: str, stage: str, *, by: str = SANNE, **fields: str) -> None:
        """Move a deal, setting fields with it."""
        self._change(deal, by, {"StageName": stage, **_to_wire(fields)})

    def move_all(self, deals: Sequence[str], stage: str, **fields: str) -> None:
        """Move many deals at once, setting fields with it, as a bulk edit does."""
        self._remote.post(
            "salesforce/bulk",
            ids=list(deals),
            user=SANNE,
            fields={"StageName": stage, **_to_wire(fields)},
        )

    def fill(self, deal: str, *, by: str = SANNE, **fields: str) -> None:
        """Set fields of a deal."""
        self._change(deal, by, _to_wire(fields))

    def add_quote(self, deal: str) -> None:
        """Make a quote for a deal."""
        self._remote.post(
            "salesforce/log",
            kind="quote",
            on=deal,
            user=SANNE,
            fields={"Status": "Presented"},
        )

    def call(self, lead: str) -> None:
        """Log a call with a lead."""
        self._remote.post("salesforce/log", kind="call", on=lead, user=SANNE)

    def stage_of(self, deal: str) -> str:
        """Return the label of the stage that a deal stands in."""
        return str(self._record(deal)["StageName"])

    def amount_of(self, deal: str) -> float | None:
        """Return what a deal is worth, None if nobody has said."""
        amount = self._record(deal)["Amount"]
        return None if amount is None else float(amount)

    def notes_on(self, deal: str) -> list[str]:
        """Return the notes on a deal's timeline: posts, and tasks that tell only."""
        posts = self._linked("FeedItem", deal) if self._has("FeedItem") else []
        told = [one for one in self._linked("Task", deal) if _is_note(one)]
        return [str(one["Body"]) for one in posts] + [
            str(one["Description"] or "") for one in told
        ]

    def tasks_on_deal(self, deal: str) -> list[str]:
        """Return the subjects of a deal's tasks."""
        return self._tasks_on(deal)

    def tasks_on_lead(self, lead: str) -> list[str]:
        """Return the subjects of a lead's tasks."""
        return self._tasks_on(lead)

    def _tasks_on(self, record: str) -> list[str]:
        return [
            str(one["Subject"])
            for one in self._linked("Task", record)
            if one["TaskSubtype"] == "Task" and not _is_note(one)
        ]

    def _change(self, deal: str, by: str, fields: Mapping[str, Any]) -> None:
        self._remote.post("salesforce/act", id=deal, user=by, fields=fields)

    def _record(self, record_id: str) -> dict[str, Any]:
        return self._remote.get(f"salesforce/records/{record_id}")

    def _linked(self, kind: str, on: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._remote.get(
            f"salesforce/objects/{kind}", on=on
        )["results"]
        return found

    def _has(self, kind: str) -> bool:
        return kind in self._remote.get("salesforce/org")["records"]


def _is_note(task: Mapping[str, Any]) -> bool:
    """Return whether a task was complete when it was made: nobody is to do it."""
    is_done = bool(task["IsClosed"]) and task["TaskSubtype"] == "Task"
    return is_done and task["CompletedDateTime"] == task["CreatedDate"]


def _to_wire(fields: Mapping[str, str]) -> dict[str, str | float]:
    return {
        _NATIVE[name]: float(value) if name == "amount" else value
        for name, value in fields.items()
    }
