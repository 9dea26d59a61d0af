"""The small sales company in a HubSpot account."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.sandbox.company import PEOPLE, SANNE, STAGES, Account
from adapters.sandbox.hubspot.account import DEFAULT_APP, DEFAULT_SECRET, DEFAULT_TOKEN
from adapters.sandbox.remote import Remote

_PIPELINE = "default"
_PROBABILITIES = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 0.0)
_FIELDS = {"decision_maker": "Decision maker", "contract_date": "Contract date"}
_NATIVE = {"close_date": "closedate", "lost_reason": "closed_lost_reason"}
_HEARD = (
    {"event": "deal.creation"},
    {"event": "deal.deletion"},
    {"event": "deal.merge"},
    {"event": "deal.restore"},
    {"event": "deal.associationChange"},
    {
        "event": "deal.propertyChange",
        "properties": [
            "dealstage",
            "pipeline",
            "amount",
            "closedate",
            "hubspot_owner_id",
            "closed_lost_reason",
            "decision_maker",
            "contract_date",
        ],
    },
    {"event": "object.creation", "object": "lead"},
    {"event": "object.deletion", "object": "lead"},
    {"event": "object.associationChange", "object": "lead"},
    {
        "event": "object.propertyChange",
        "object": "lead",
        "properties": ["hs_pipeline_stage", "hubspot_owner_id"],
    },
)


class HubSpotCompany:
    """Acts through the control paths of the sandbox at `url`."""

    def __init__(self, url: str) -> None:
        """Use a fresh account."""
        self._url = url
        self._remote = Remote(url)
        self._stages = [
            _to_stage(label, chance)
            for label, chance in zip(STAGES, _PROBABILITIES, strict=True)
        ]
        self._contacts: dict[str, str] = {}

    def set_up(self) -> None:
        """Hire the people, and make the stages and fields that their work needs."""
        self._remote.post(
            "hubspot/seed",
            users=[{"email": email, "name": name} for email, name in PEOPLE.items()],
            properties={
                "deals": [
                    {
                        "name": "decision_maker",
                        "label": _FIELDS["decision_maker"],
                        "type": "string",
                        "fieldType": "text",
                        "groupName": "dealinformation",
                    },
                    {
                        "name": "contract_date",
                        "label": _FIELDS["contract_date"],
                        "type": "date",
                        "fieldType": "date",
                        "groupName": "dealinformation",
                    },
                ]
            },
        )
        self._set_stages()

    def account(self) -> Account:
        """Return how Slagboom gets in."""
        portal_id = self._remote.get("hubspot/account")["portal_id"]
        return Account(
            vendor="hubspot",
            settings={
                "portal_id": str(portal_id),
                "app_id": str(DEFAULT_APP),
                "api_url": self._url,
                "api_version": "2026-03",
            },
            secrets={"token": DEFAULT_TOKEN, "webhook_secret": DEFAULT_SECRET},
        )

    def send_webhooks_to(self, url: str) -> None:
        """Have the CRM tell of changes at this address, from here on."""
        self._remote.post("hubspot/webhooks", target_url=url, subscriptions=_HEARD)

    def add_stage(self, label: str) -> None:
        """Add a stage behind the others."""
        self._stages.append(_to_stage(label, 0.0))
        self._set_stages()

    def retire_stage(self, label: str) -> None:
        """Take a stage out of use."""
        self._remote.post("hubspot/stages/archive", object="deals", stage=_to_id(label))

    def add_deal(
        self, name: str, stage: str, *, owner: str = SANNE, **fields: str
    ) -> str:
        """Make a deal as its owner, and return its id."""
        made = self._remote.post(
            "hubspot/create",
            object="deals",
            user=owner,
            properties={
                "dealname": name,
                "dealstage": _to_id(stage),
                "pipeline": _PIPELINE,
                "owner": owner,
                **_to_wire(fields),
            },
        )
        return str(made["id"])

    def add_deals(self, count: int, stage: str, **fields: str) -> Sequence[str]:
        """Make many deals that nobody is told of, and return their ids."""
        made = self._remote.post(
            "hubspot/seed",
            bulk=[
                {
                    "object": "deals",
                    "count": count,
                    "properties": {
                        "dealname": "Deal {n}",
                        "dealstage": _to_id(stage),
                        "pipeline": _PIPELINE,
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
        contact = self._remote.post(
            "hubspot/create",
            object="contacts",
            user=owner,
            properties={"firstname": name, "owner": owner},
        )["id"]
        lead = self._remote.post(
            "hubspot/create",
            object="leads",
            user=owner,
            properties={"hs_lead_name": name, "owner": owner},
            associations=[{"object": "contacts", "id": contact}],
        )["id"]
        self._contacts[str(lead)] = str(contact)
        return str(lead)

    def move(self, deal: str, stage: str, *, by: str = SANNE, **fields: str) -> None:
        """Move a deal, setting fields with it."""
        self._change(deal, by, {"dealstage": _to_id(stage), **_to_wire(fields)})

    def move_all(self, deals: Sequence[str], stage: str, **fields: str) -> None:
        """Move many deals at once, setting fields with it, as a bulk edit does."""
        self._remote.post(
            "hubspot/bulk",
            object="deals",
            ids=list(deals),
            properties={"dealstage": _to_id(stage), **_to_wire(fields)},
            user=SANNE,
        )

    def fill(self, deal: str, *, by: str = SANNE, **fields: str) -> None:
        """Set fields of a deal."""
        self._change(deal, by, _to_wire(fields))

    def add_quote(self, deal: str) -> None:
        """Make a quote for a deal."""
        self._remote.post(
            "hubspot/log",
            kind="quote",
            user=SANNE,
            on={"object": "deals", "id": deal},
        )

    def call(self, lead: str) -> None:
        """Log a call with a lead."""
        self._remote.post(
            "hubspot/log",
            kind="call",
            user=SANNE,
            on=[
                {"object": "leads", "id": lead},
                {"object": "contacts", "id": self._contacts[lead]},
            ],
        )

    def stage_of(self, deal: str) -> str:
        """Return the label of the stage that a deal stands in."""
        stage = self._value_of(deal, "dealstage")
        return next(str(one["label"]) for one in self._stages if one["id"] == stage)

    def amount_of(self, deal: str) -> float | None:
        """Return what a deal is worth, None if nobody has said."""
        amount = self._value_of(deal, "amount")
        return float(amount) if amount else None

    def notes_on(self, deal: str) -> list[str]:
        """Return the notes on a deal's timeline, as HTML."""
        return self._texts("notes", f"deals:{deal}", "hs_note_body")

    def tasks_on_deal(self, deal: str) -> list[str]:
        """Return the subjects of a deal's tasks."""
        return self._texts("tasks", f"deals:{deal}", "hs_task_subject")

    def tasks_on_lead(self, lead: str) -> list[str]:
        """Return the subjects of a lead's tasks."""
        return self._texts("tasks", f"leads:{lead}", "hs_task_subject")

    def _set_stages(self) -> None:
        pipeline = {
            "id": _PIPELINE,
            "label": "Sales Pipeline",
            "stages": self._stages,
        }
        self._remote.post("hubspot/seed", pipelines={"deals": [pipeline]})

    def _value_of(self, deal: str, name: str) -> str:
        found = self._remote.get(f"hubspot/objects/deals/{deal}")
        return str(found["properties"].get(name) or "")

    def _change(self, deal: str, by: str, properties: Mapping[str, str]) -> None:
        self._remote.post(
            "hubspot/act", object="deals", id=deal, user=by, properties=properties
        )

    def _texts(self, kind: str, on: str, name: str) -> list[str]:
        found: list[dict[str, Any]] = self._remote.get(
            f"hubspot/objects/{kind}", on=on
        )["results"]
        return [str(one["properties"].get(name) or "") for one in found]


def _to_id(label: str) -> str:
    return label.lower().replace(" ", "_")


def _to_stage(label: str, probability: float) -> dict[str, Any]:
    return {"id": _to_id(label), "label": label, "probability": probability}


def _to_wire(fields: Mapping[str, str]) -> dict[str, str]:
    return {_NATIVE.get(name, name): value for name, value in fields.items()}
