"""An account that cannot be signed in to any more: who is told, and what mends it."""

import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO

import pytest

from adapters.sandbox import Sandbox
from adapters.sandbox.salesforce.sessions import DEFAULT_CLIENT, DEFAULT_SECRET
from connector import jobs
from connector.bootstrap import Application
from connector.cli import Ending, slagboom
from connector.cli.ending import run
from connector.store.connections import Connection
from connector.vendors import CRMS
from rules.model import ActorClass, Kind, RecordId, RecordRef
from tests.salesforce.messages import OPPORTUNITY, REP, message, notification
from tests.sandbox.fixtures import control, running, sandbox
from tests.sandbox.kit import Control
from tests.sandbox.salesforce.kit import seed_deal

__all__ = ["control", "running", "sandbox"]

pytestmark = pytest.mark.usefixtures("root_logger")

REFRESH = "refresh-token-of-the-admin"


@dataclass
class Room:
    """A worker's services, and the organisation that they are connected to."""

    app: Application
    sandbox: Sandbox
    control: Control

    def connect(self, *, secret: str = DEFAULT_SECRET, **settings: str) -> Connection:
        url = self.sandbox.salesforce_url
        return self.app.accounts.save(
            "acme",
            vendor="salesforce",
            settings={
                "instance_url": url,
                "client_id": DEFAULT_CLIENT,
                "org_id": self.sandbox.salesforce.id,
                **settings,
            },
            secrets={
                "client_secret": secret,
                "webhook_secret": "a-long-text-of-our-own",
                "refresh_token": REFRESH,
            },
            rotate=CRMS["salesforce"].rotate,
            author="anna",
        )

    def look(self) -> list[str]:
        """Have a worker look at a record; return what the admin is told."""
        connection = self.app.accounts.find("acme")
        ref = RecordRef(Kind.DEAL, RecordId(seed_deal(self.control)))
        with self.app.store.begin() as tx:
            rows = tx.records.ensure(connection.id, [ref])
            tx.records.hint(list(rows.values()), due_at=self.app.clock.now())
        jobs.look(connection.id)
        return self.told()

    def told(self) -> list[str]:
        with self.app.store.begin() as tx:
            return [one.message for one in tx.notices.open()]

    def deactivate(self, *, is_active: bool = False) -> None:
        with self.sandbox.engine.lock:
            org = self.sandbox.salesforce
            org.records["User"][org.integration_id].values["IsActive"] = is_active

    def sign_ins(self) -> int:
        asked = self.control.get("requests", operation="oauth.token")["requests"]
        return len(asked)

    def end_sessions(self) -> None:
        self.control.post("salesforce/sessions/expire")


def typed(command: str) -> str:
    """Type the command of a list; return the state of what it shows."""
    said = StringIO()
    with redirect_stdout(said):
        assert run(slagboom, [command, "--json"]) == Ending.DONE
    [row] = json.loads(said.getvalue())
    return row["state"]


@pytest.fixture
def room(
    database_url: str,
    redis_url: str,
    sandbox: Sandbox,
    control: Control,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Room]:
    for name, text in {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_URL": "https://slagboom.example.com",
        "SLAGBOOM_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES": "1",
    }.items():
        monkeypatch.setenv(name, text)
    jobs.application.cache_clear()
    app = jobs.application()
    yield Room(app, sandbox, control)
    app.store.close()
    jobs.application.cache_clear()


def test_a_wrong_secret_is_told_once_until_the_right_one_is_given(room: Room):
    room.connect(secret="wrong")
    for _ in range(2):
        [told] = room.look()
    assert told.startswith("acme: Salesforce refused to sign in")
    assert "Compare the client id and the secret or key" in told
    assert typed("connections") == "refused: see `slagboom doctor`"
    connection = room.connect()
    assert room.app.accounts.probe(connection).is_ok
    assert room.told() == []
    assert room.look() == []
    assert typed("connections") == "on"


def test_what_is_told_is_due_to_be_sent_once(room: Room):
    room.connect(secret="wrong")
    room.look()
    assert ("notify", ()) in list(jobs.due())
    jobs.notify()
    assert ("notify", ()) not in list(jobs.due())


def test_an_inactive_user_is_told_and_work_goes_on_when_it_is_active_again(room: Room):
    connection = room.connect()
    room.deactivate()
    [told] = room.look()
    assert "user is inactive" in told
    room.deactivate(is_active=True)
    assert room.app.accounts.probe(connection).is_ok
    assert room.told() == []


def test_another_organization_is_told(room: Room):
    room.connect(org_id="00D000000000009EAA")
    [told] = room.look()
    assert "another organization" in told


def test_a_revoked_refresh_token_is_told_until_somebody_signs_in_again(room: Room):
    renew = {"token": REFRESH, "client_id": DEFAULT_CLIENT}
    room.control.post("salesforce/refresh-tokens", **renew)
    connection = room.connect(sign_in="browser")
    assert room.look() == []
    room.control.post("salesforce/refresh-tokens", token=REFRESH, revoked=True)
    room.end_sessions()
    [told] = room.look()
    assert "expired access/refresh token" in told
    room.control.post("salesforce/refresh-tokens", **renew)
    assert room.app.accounts.probe(connection).is_ok
    assert room.told() == []


def test_a_session_that_ended_is_renewed_and_nobody_is_bothered(room: Room):
    room.connect()
    assert room.look() == []
    room.end_sessions()
    assert room.look() == []


def test_new_tokens_that_are_refused_stop_it_and_are_told(room: Room):
    room.connect()
    refused = {"kind": "status", "path": "/services/data", "status": 401}
    room.control.post("faults", **refused, count=None)
    [told] = room.look()
    assert "had just been given out" in told
    asked = room.sign_ins()
    room.look()
    assert room.sign_ins() == asked
    room.control.post("faults/clear")
    assert room.app.accounts.probe(room.app.accounts.find("acme")).is_ok
    assert room.look() == []


def test_what_the_organization_says_we_changed_was_not_done_by_a_person(room: Room):
    org = room.sandbox.salesforce
    connection = room.connect()
    assert room.app.accounts.probe(connection).user == org.integration_id
    room.deactivate()
    room.end_sessions()
    assert not room.app.accounts.probe(room.connect()).is_ok
    body = message(
        [
            notification(fields={"Id": OPPORTUNITY, "LastModifiedById": by})
            for by in (org.integration_id, REP)
        ],
        organization=org.id,
    )
    source = room.app.source_for(room.app.accounts.find("acme"))
    kinds = [heard.actor.kind for heard in source.hear(body)]
    assert kinds == [ActorClass.OURSELVES, ActorClass.PERSON]


def test_a_sweep_that_is_refused_tells_it_too_and_waits(room: Room):
    connection = room.connect()
    room.app.reconcile.import_(connection)
    assert ("sweep", (connection.id,)) in list(jobs.due())
    room.deactivate()
    room.end_sessions()
    jobs.sweep(connection.id)
    [told] = room.told()
    assert "user is inactive" in told
    assert ("sweep", (connection.id,)) not in list(jobs.due())


def test_an_organization_whose_requests_are_used_up_is_told_of(room: Room):
    connection = room.connect()
    assert room.app.accounts.probe(connection).is_ok
    room.control.post("salesforce/calls", used=15_000)
    [told] = room.look()
    assert told.startswith("acme: The organization's requests of this day are used up.")
    room.control.post("salesforce/calls", used=0)
    # As after half an hour, for which nobody asks.
    room.app.means.redis.flushall()
    assert room.app.accounts.probe(connection).is_ok
    assert room.told() == []
