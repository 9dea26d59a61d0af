"""The workings of Salesforce's sandbox."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar

from adapters.salesforce.transport import TIMEOUT_S
from adapters.sandbox.company import Account
from adapters.sandbox.remote import Remote
from adapters.sandbox.salesforce import ids
from adapters.sandbox.salesforce.records import Record
from adapters.sandbox.webhooks import Channel
from tests.fakes.world import Door
from tests.workings.workings import Fault, Obstacle, Workings

_MANY = {"method": "POST", "path": "composite/sobjects$"}


class SalesforceWorkings(Workings):
    """One organisation with an outbound message for each object that is told of."""

    system = "salesforce"
    api = "^/services/data/"
    operations: ClassVar = {
        "Opportunity.collection.read": Door.READ,
        "Opportunity.update": Door.WRITE,
        "FeedItem.collection.create": Door.NOTES,
        "Task.collection.create": Door.TASKS,
    }
    doors: ClassVar = {
        Door.READ: {"path": "composite/sobjects/Opportunity"},
        Door.WRITE: {"method": "PATCH", "path": "sobjects/Opportunity/"},
        Door.NOTES: {**_MANY, "content": '"FeedItem"'},
        Door.TASKS: {**_MANY, "content": '"Task"'},
    }
    busy: ClassVar = {"kind": "status", "status": 400, "category": "UNABLE_TO_LOCK_ROW"}
    row_trouble: ClassVar = {"kind": "partial", "category": "UNABLE_TO_LOCK_ROW"}
    too_late_ms = (TIMEOUT_S[1] + 2) * 1000
    at_once: ClassVar = {
        Door.READ: 2_000,
        Door.WRITE: 1,
        Door.NOTES: 200,
        Door.TASKS: 200,
    }
    requests_a_second = None
    stamp_ms = 1_000

    def channels(self) -> Sequence[Channel]:
        return self.sandbox.outbound.channels

    def lift_limits(self) -> None:
        self._post("settings", daily_limit=0)
        self._post("calls", used=0)

    def use_up(self) -> None:
        self._post("settings", daily_limit=1_000)
        self._post("calls", used=1_000)

    def stages(self, deals: Sequence[str]) -> Mapping[str, str]:
        with self.sandbox.engine.lock:
            records = self.sandbox.salesforce.records["Opportunity"]
            return {one: str(records[one].values["StageName"]) for one in deals}

    def note_counts(self, deals: Sequence[str]) -> Mapping[str, int]:
        with self.sandbox.engine.lock:
            org = self.sandbox.salesforce
            found = Counter(one.get("ParentId") for one in org.living("FeedItem"))
            found.update(
                one.get("WhatId") for one in org.living("Task") if _is_note(one)
            )
            return {one: found[one] for one in deals}

    def living(self, door: Door) -> list[str]:
        with self.sandbox.engine.lock:
            org = self.sandbox.salesforce
            tasks = [
                one for one in org.living("Task") if one.get("TaskSubtype") == "Task"
            ]
            if door is Door.TASKS:
                return sorted(one.id for one in tasks if not _is_note(one))
            notes = [*org.living("FeedItem"), *filter(_is_note, tasks)]
            return sorted(one.id for one in notes)

    def refuse(self, deals: Sequence[str]) -> Fault:
        return {
            "method": "PATCH",
            "path": f"sobjects/Opportunity/({'|'.join(deals)})",
            "kind": "status",
            "status": 400,
            "category": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        }

    def shut_out(self) -> None:
        self._post("apps", secret="another")
        self._post("sessions/expire")

    def let_in(self) -> Account:
        account = self.company.account()
        secrets = {**account.secrets, "client_secret": "another"}
        return replace(account, secrets=secrets)

    @contextmanager
    def as_another_account(self) -> Iterator[None]:
        org = self.sandbox.salesforce
        own, org.id = org.id, ids.make("00D", 2)
        try:
            yield
        finally:
            org.id = own

    def obstacles(self) -> Sequence[Obstacle]:
        return (self._validation_rule, self._approval)

    @contextmanager
    def _validation_rule(self, _deal: str) -> Iterator[None]:
        self._post("rules", to=["Lead"], message="Nobody goes back to Lead.")
        yield
        self._post("rules", clear=True)

    @contextmanager
    def _approval(self, deal: str) -> Iterator[None]:
        self._post("lock", id=deal)
        yield
        self._post("lock", id=deal, locked=False)

    def _post(self, path: str, **body: object) -> None:
        remote = Remote(self.sandbox.url)
        remote.post(f"salesforce/{path}", **body)
        remote.close()


def _is_note(task: Record) -> bool:
    """Return whether a task was complete when it was made: nobody is to do it."""
    is_done = bool(task.get("IsClosed")) and task.get("TaskSubtype") == "Task"
    return is_done and task.get("CompletedDateTime") == task.get("CreatedDate")
