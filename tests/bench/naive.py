"""A worker as one writes it by hand: a job for each event, a call for each thing.

It reads the deal; if that stands in Quote sent without an amount, it reads the history
of the stage, puts the deal back, and makes a note and a task. Started by `burst.py`
with the CRM's address, and on standard input the token and the deals that changed.
"""

import json
import sys
import time
from typing import Any

import hubspot
from hubspot.crm.deals import SimplePublicObjectInput as DealInput
from hubspot.crm.objects.notes import SimplePublicObjectInputForCreate as NoteInput
from hubspot.crm.objects.tasks import SimplePublicObjectInputForCreate as TaskInput

NOTE_TO_DEAL, TASK_TO_DEAL = 214, 216


class Worker:
    """Handles one event after the other."""

    def __init__(self, url: str, token: str) -> None:
        client = hubspot.HubSpot(access_token=token, host=url)
        self.deals = client.crm.deals.basic_api
        self.notes = client.crm.objects.notes.basic_api
        self.tasks = client.crm.objects.tasks.basic_api

    def handle(self, deal_id: str) -> bool:
        """Look at a deal that has changed; return whether it was put back."""
        deal = self.deals.get_by_id(
            deal_id, properties=["dealstage", "amount", "hubspot_owner_id"]
        )
        found = deal.properties
        if found["dealstage"] != "quote_sent" or found["amount"]:
            return False
        past = self.deals.get_by_id(deal_id, properties_with_history=["dealstage"])
        former = past.properties_with_history["dealstage"][1].value
        self.deals.update(deal_id, DealInput(properties={"dealstage": former}))
        now_ms = str(time.time_ns() // 1_000_000)
        about = {
            "hs_timestamp": now_ms,
            "hubspot_owner_id": found["hubspot_owner_id"] or "",
        }
        self.notes.create(
            NoteInput(
                properties={**about, "hs_note_body": "A quote needs an amount."},
                associations=_on(deal_id, NOTE_TO_DEAL),
            )
        )
        self.tasks.create(
            TaskInput(
                properties={**about, "hs_task_subject": "Fill in the amount"},
                associations=_on(deal_id, TASK_TO_DEAL),
            )
        )
        return True


def _on(deal_id: str, kind: int) -> list[dict[str, Any]]:
    link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}
    return [{"to": {"id": deal_id}, "types": [link]}]


def main(url: str) -> None:
    """Handle an event for each deal; print how many went back, and the seconds."""
    given = json.load(sys.stdin)
    worker = Worker(url, given["token"])
    begun_at = time.perf_counter()
    returned = sum(worker.handle(deal) for deal in given["deals"])
    seconds = time.perf_counter() - begun_at
    print(json.dumps({"returned": returned, "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1])
