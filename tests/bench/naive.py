"""A worker as one writes it by hand: a job for each event, a call for each thing.

It reads the deal; if that stands in Quote sent without an amount, it reads the history
of the stage, puts the deal back, and makes a note and a task. Started by `burst.py`
with the CRM and its address, and on standard input the token and the deals that
changed.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

NOTE, TASK = "A quote needs an amount.", "Fill in the amount"


class Deal(NamedTuple):
    """A deal as it stands."""

    is_forbidden: bool
    owner: str


class Client(Protocol):
    """The vendor's own library, as far as this worker uses it."""

    def read(self, deal_id: str) -> Deal:
        """Read a deal."""
        ...

    def read_former_stage(self, deal_id: str) -> str:
        """Read in which stage a deal stood before."""
        ...

    def put_back(self, deal_id: str, stage: str) -> None:
        """Move a deal."""
        ...

    def make_note(self, deal_id: str, owner: str) -> None:
        """Make a note."""
        ...

    def make_task(self, deal_id: str, owner: str) -> None:
        """Make a task."""
        ...


class HubSpotClient:
    """HubSpot by hubspot-api-client."""

    NOTE_TO_DEAL, TASK_TO_DEAL = 214, 216

    def __init__(self, url: str, token: str) -> None:
        import hubspot  # noqa: PLC0415 - only the library that is measured
        from hubspot.crm import deals  # noqa: PLC0415
        from hubspot.crm.objects import notes, tasks  # noqa: PLC0415

        client = hubspot.HubSpot(access_token=token, host=url)
        self._deals = client.crm.deals.basic_api
        self._notes = client.crm.objects.notes.basic_api
        self._tasks = client.crm.objects.tasks.basic_api
        self._deal_input = deals.SimplePublicObjectInput
        self._note_input = notes.SimplePublicObjectInputForCreate
        self._task_input = tasks.SimplePublicObjectInputForCreate

    def read(self, deal_id: str) -> Deal:
        wanted = ["dealstage", "amount", "hubspot_owner_id"]
        found = self._deals.get_by_id(deal_id, properties=wanted).properties
        is_forbidden = found["dealstage"] == "quote_sent" and not found["amount"]
        return Deal(is_forbidden, found["hubspot_owner_id"] or "")

    def read_former_stage(self, deal_id: str) -> str:
        past = self._deals.get_by_id(deal_id, properties_with_history=["dealstage"])
        return str(past.properties_with_history["dealstage"][1].value)

    def put_back(self, deal_id: str, stage: str) -> None:
        self._deals.update(deal_id, self._deal_input(properties={"dealstage": stage}))

    def make_note(self, deal_id: str, owner: str) -> None:
        properties = {**self._about(owner), "hs_note_body": NOTE}
        on = self._on(deal_id, self.NOTE_TO_DEAL)
        self._notes.create(self._note_input(properties=properties, associations=on))

    def make_task(self, deal_id: str, owner: str) -> None:
        properties = {**self._about(owner), "hs_task_subject": TASK}
        on = self._on(deal_id, self.TASK_TO_DEAL)
        self._tasks.create(self._task_input(properties=properties, associations=on))

    @staticmethod
    def _about(owner: str) -> dict[str, str]:
        now_ms = str(time.time_ns() // 1_000_000)
        return {"hs_timestamp": now_ms, "hubspot_owner_id": owner}

    @staticmethod
    def _on(deal_id: str, kind: int) -> list[dict[str, Any]]:
        link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}
        return [{"to": {"id": deal_id}, "types": [link]}]


class SalesforceClient:
    """Salesforce by simple-salesforce."""

    def __init__(self, url: str, token: str) -> None:
        import requests  # noqa: PLC0415
        from requests.adapters import HTTPAdapter  # noqa: PLC0415
        from simple_salesforce.api import Salesforce  # noqa: PLC0415
        from simple_salesforce.format import format_soql  # noqa: PLC0415

        class Plain(HTTPAdapter):
            def send(self, request: Any, *args: Any, **more: Any) -> Any:
                # The library knows https only, and the sandbox is not behind it.
                request.url = request.url.replace("https://", "http://", 1)
                return super().send(request, *args, **more)

        session = requests.Session()
        session.mount("https://", Plain())
        self._format = format_soql
        self._org = Salesforce(
            instance_url=url, session_id=token, session=session, version="67.0"
        )

    def read(self, deal_id: str) -> Deal:
        found = self._org.Opportunity.get(deal_id)
        is_forbidden = found["StageName"] == "Quote sent" and not found["Amount"]
        return Deal(is_forbidden, found["OwnerId"])

    def read_former_stage(self, deal_id: str) -> str:
        past = self._org.query(
            self._format(
                "SELECT StageName FROM OpportunityHistory WHERE OpportunityId = {}"
                " ORDER BY CreatedDate DESC LIMIT 2",
                deal_id,
            )
        )
        return str(past["records"][1]["StageName"])

    def put_back(self, deal_id: str, stage: str) -> None:
        self._org.Opportunity.update(deal_id, {"StageName": stage})

    def make_note(self, deal_id: str, owner: str) -> None:  # noqa: ARG002
        self._org.FeedItem.create({"ParentId": deal_id, "Body": NOTE})

    def make_task(self, deal_id: str, owner: str) -> None:
        self._org.Task.create({"WhatId": deal_id, "OwnerId": owner, "Subject": TASK})


CLIENTS: Mapping[str, Callable[[str, str], Client]] = {
    "hubspot": HubSpotClient,
    "salesforce": SalesforceClient,
}


def handle(client: Client, deal_id: str) -> bool:
    """Look at a deal that has changed; return whether it was put back."""
    deal = client.read(deal_id)
    if not deal.is_forbidden:
        return False
    client.put_back(deal_id, client.read_former_stage(deal_id))
    client.make_note(deal_id, deal.owner)
    client.make_task(deal_id, deal.owner)
    return True


def main(vendor: str, url: str) -> None:
    """Handle an event for each deal; print how many went back, and the seconds."""
    given = json.load(sys.stdin)
    client = CLIENTS[vendor](url, given["token"])
    begun_at = time.perf_counter()
    returned = sum(handle(client, deal) for deal in given["deals"])
    seconds = time.perf_counter() - begun_at
    print(json.dumps({"returned": returned, "seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
