"""The demo's showroom, with the real processes, as a place to measure in."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from adapters.sandbox.remote import Remote
from connector.demo.showroom import Showroom, opened

LIFTED = 1_000_000
"""A limit of requests that nothing here reaches."""

OPERATIONS = {
    "deals.batch.read": "reads",
    "deals.batch.update": "returns",
    "notes.batch.create": "notes",
    "tasks.batch.create": "tasks",
}
PATIENCE_SECONDS = 300.0

_UNSETTLED = """
    SELECT (SELECT count(*) FROM deliveries WHERE state = 'pending')
         + (SELECT count(*) FROM records WHERE look_due_at IS NOT NULL)
         + (SELECT count(*) FROM interventions WHERE state = 'planned')
"""
_UNSWEPT = """
    SELECT count(*) FROM connections WHERE sweep_due_at IS NULL OR sweep_due_at < now()
"""


@dataclass(frozen=True, slots=True)
class Room:
    """A showroom, its sandbox's control paths, and a look into its database."""

    showroom: Showroom
    remote: Remote
    database: psycopg.Connection

    def add_deals(self, count: int, stage: str, **properties: str) -> list[str]:
        """Make deals that Slagboom knows as they stand, and return their ids."""
        ids = seed_deals(self.remote, count, stage, **properties)
        app = self.showroom.app
        self._wait_until_swept()
        with app.store.begin() as tx:
            connection = tx.connections.get(self.showroom.connection_id)
        app.reconcile.import_(connection)
        self._wait_until_swept()
        return ids

    def _wait_until_swept(self) -> None:
        """Wait for the sweep that comes by itself; it has no part in any figure."""
        self.wait_until(_UNSWEPT, 0)
        self.wait_until_settled()

    @contextmanager
    def webhooks_held(self) -> Iterator[None]:
        """Keep the CRM's webhooks back meanwhile, and send them all at the end."""
        self.remote.post("hubspot/webhooks/pause")
        try:
            yield
        finally:
            self.remote.post("hubspot/webhooks/pause", paused=False)

    def wait_until(self, question: str, answer: int) -> None:
        """Wait until the database gives this answer; raises TimeoutError."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while (found := self.ask(question)) != answer:
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{found} instead of {answer}: {question}")
            time.sleep(0.02)

    def wait_until_settled(self) -> None:
        """Wait until nothing is sent, nothing waits, and nothing is planned."""
        self.remote.post("hubspot/webhooks/flush", timeout=PATIENCE_SECONDS)
        self.wait_until(_UNSETTLED, 0)

    def ask(self, question: str) -> int:
        """Return the one number that a query gives."""
        found = self.database.execute(question.encode()).fetchone()
        assert found is not None
        return int(found[0])

    def requests(self) -> list[dict[str, Any]]:
        """Return what was asked of the CRM since the log was cleared."""
        found: list[dict[str, Any]] = self.remote.get(
            "requests", system="hubspot", limit="20000"
        )["requests"]
        return found

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
def a_room() -> Iterator[Room]:
    """Open a showroom whose CRM answers any number of requests."""
    with opened(0) as showroom:
        remote = Remote(showroom.sandbox.url)
        remote.post("hubspot/settings", burst_limit=LIFTED)
        url = showroom.app.urls.database_url.replace("+psycopg", "", 1)
        with psycopg.connect(url, autocommit=True) as database:
            room = Room(showroom, remote, database)
            yield room
        remote.close()


def seed_deals(remote: Remote, count: int, stage: str, **properties: str) -> list[str]:
    """Make deals that nobody is told of, and return their ids."""
    made = remote.post(
        "hubspot/seed",
        bulk=[
            {
                "object": "deals",
                "count": count,
                "properties": {
                    "dealname": "Deal {n}",
                    "pipeline": "default",
                    "dealstage": stage,
                    **properties,
                },
                "owners": ["sanne@acme.example"],
            }
        ],
    )
    ids: list[str] = made["bulk"][0]
    return ids


def move(remote: Remote, deals: Sequence[str], stage: str) -> None:
    """Move deals at once, as a bulk edit by a person does."""
    remote.post(
        "hubspot/bulk",
        object="deals",
        ids=list(deals),
        properties={"dealstage": stage},
        user="sanne@acme.example",
    )


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
