"""The workings of HubSpot's sandbox."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar

from adapters.hubspot.client import READ_TIMEOUT_S
from adapters.sandbox.company import Account
from adapters.sandbox.remote import Remote
from adapters.sandbox.webhooks import Channel
from tests.fakes.world import Door
from tests.workings.workings import Fault, Obstacle, Workings

_OBJECTS = {Door.NOTES: "notes", Door.TASKS: "tasks"}


class HubSpotWorkings(Workings):
    """One account with one app."""

    system = "hubspot"
    api = "^/crm/"
    operations: ClassVar = {
        "deals.batch.read": Door.READ,
        "deals.batch.update": Door.WRITE,
        "notes.batch.create": Door.NOTES,
        "tasks.batch.create": Door.TASKS,
    }
    doors: ClassVar = {
        Door.READ: {"path": "deals/batch/read"},
        Door.WRITE: {"path": "deals/batch/update"},
        Door.NOTES: {"path": "notes/batch/create"},
        Door.TASKS: {"path": "tasks/batch/create"},
    }
    busy: ClassVar = {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}}
    row_trouble: ClassVar = {"kind": "partial", "category": "SERVICE_UNAVAILABLE"}
    too_late_ms = (READ_TIMEOUT_S + 2) * 1000
    at_once: ClassVar = dict.fromkeys(Door, 100)
    requests_a_second = 10.0
    stamp_ms = 1

    def channels(self) -> Sequence[Channel]:
        return [app.channel for app in self.sandbox.hubspot.apps.values()]

    def lift_limits(self) -> None:
        self._post("settings", burst_limit=1_000_000, daily_limit=0, search_limit=0)

    def use_up(self) -> None:
        self._post("settings", daily_limit=1)

    def stages(self, deals: Sequence[str]) -> Mapping[str, str]:
        with self.sandbox.engine.lock:
            account = self.sandbox.hubspot
            labels = {one.id: one.label for one in account.pipelines.stages("deals")}
            records = account.records["deals"]
            return {one: labels[records[one].value("dealstage")] for one in deals}

    def note_counts(self, deals: Sequence[str]) -> Mapping[str, int]:
        with self.sandbox.engine.lock:
            links = self.sandbox.hubspot.links
            return {one: len(links.ids(("deals", one), "notes")) for one in deals}

    def living(self, door: Door) -> list[str]:
        with self.sandbox.engine.lock:
            return sorted(one.id for one in self.sandbox.hubspot.living(_OBJECTS[door]))

    def refuse(self, deals: Sequence[str]) -> Fault:
        return {**self.doors[Door.WRITE], "kind": "partial", "ids": list(deals)}

    def shut_out(self) -> None:
        self._post("tokens/expire")

    def let_in(self) -> Account:
        self._post("tokens", token="another")
        account = self.company.account()
        return replace(account, secrets={**account.secrets, "token": "another"})

    @contextmanager
    def as_another_account(self) -> Iterator[None]:
        app = next(iter(self.sandbox.hubspot.apps.values()))
        app.portal_id += 1
        try:
            yield
        finally:
            app.portal_id -= 1

    def obstacles(self) -> Sequence[Obstacle]:
        return (self._refusal,)

    @contextmanager
    def _refusal(self, deal: str) -> Iterator[None]:
        faults = self.sandbox.engine.faults
        with self.sandbox.engine.lock:
            fault = faults.add({**self.refuse([deal]), "count": None})
        yield
        with self.sandbox.engine.lock:
            faults.clear(fault.id)

    def _post(self, path: str, **body: object) -> None:
        remote = Remote(self.sandbox.url)
        remote.post(f"hubspot/{path}", **body)
        remote.close()
