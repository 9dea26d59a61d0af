"""The demo's showroom, with the real processes, as a place to measure in."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from adapters.sandbox.remote import Remote
from connector.demo.showroom import Office, opened
from tests.workings.every import WORKINGS
from tests.workings.workings import Workings

PATIENCE_SECONDS = 300.0

_UNSETTLED = """
    SELECT (SELECT count(*) FROM deliveries WHERE state = 'pending')
         + (SELECT count(*) FROM records WHERE look_due_at IS NOT NULL)
         + (SELECT count(*) FROM interventions WHERE state = 'planned')
"""
_UNSWEPT = """
    SELECT count(*) FROM connections
    WHERE sweep_due_at IS NULL OR sweep_due_at < now() OR lease IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Room:
    """One CRM's office, the CRM from behind, and a look into the database."""

    office: Office
    crm: Workings
    remote: Remote
    database: psycopg.Connection

    def add_deals(self, count: int, stage: str, **fields: str) -> list[str]:
        """Make deals that Slagboom knows as they stand, and return their ids."""
        ids = list(self.office.company.add_deals(count, stage, **fields))
        app = self.office.app
        self._wait_until_swept()
        app.reconcile.import_(app.accounts.find(self.office.connection.name))
        self._wait_until_swept()
        return ids

    def _wait_until_swept(self) -> None:
        """Wait for the sweep that comes by itself; it has no part in any figure."""
        self.wait_until(_UNSWEPT, 0)
        self.wait_until_settled()

    def wait_until(self, question: str, answer: int) -> None:
        """Wait until the database gives this answer; raises TimeoutError."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while (found := self.ask(question)) != answer:
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{found} instead of {answer}: {question}")
            time.sleep(0.02)

    def wait_until_settled(self) -> None:
        """Wait until nothing is sent, nothing waits, and nothing is planned."""
        self.crm.flush(PATIENCE_SECONDS)
        self.wait_until(_UNSETTLED, 0)

    def ask(self, question: str) -> int:
        """Return the one number that a query gives."""
        found = self.database.execute(question.encode()).fetchone()
        assert found is not None
        return int(found[0])

    def requests(self) -> list[dict[str, Any]]:
        """Return what was asked of the CRM since the log was cleared."""
        found: list[dict[str, Any]] = self.remote.get(
            "requests", system=self.crm.system, limit="20000"
        )["requests"]
        return found

    def count_requests(self) -> Counter[str]:
        """Return how often the CRM was asked since the log was cleared, by door.

        What went to none of the doors is there under the CRM's own name for it.
        """
        doors = self.crm.operations
        return Counter(
            doors.get(one["operation"], one["operation"]) for one in self.requests()
        )

    def resident_megabytes(self) -> Mapping[str, float]:
        """Return the memory of the web process and of the worker."""
        found: dict[str, float] = {}
        for pid in _descendants("self"):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"connector.wsgi" in command:
                found["web"] = _resident(pid)
            elif command[1:2] and command[1].endswith(b"worker.py"):
                name = "clock" if b"clock" in command else "worker"
                found[name] = _resident(pid)
        return found


@contextmanager
def a_room(vendor: str) -> Iterator[Room]:
    """Open a showroom of this CRM, which answers any number of requests."""
    with opened(0, [vendor]) as showroom:
        (office,) = showroom.offices
        crm = WORKINGS[vendor](showroom.sandbox, office.company)
        crm.lift_limits()
        url = showroom.app.urls.database_url.replace("+psycopg", "", 1)
        with psycopg.connect(url, autocommit=True) as database:
            remote = Remote(showroom.sandbox.url)
            yield Room(office, crm, remote, database)
            remote.close()


def _descendants(pid: str) -> Iterator[str]:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield child
            yield from _descendants(child)


def _resident(pid: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
