"""What scripts rely on in `slagboom follow-ups`, and what the clock finds due of it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from adapters.sandbox import Sandbox, start
from adapters.sandbox.remote import Remote
from connector import jobs
from connector.bootstrap import Application
from connector.store.notifications import Notification, Purpose
from tests.platform.terminal import Terminal, typing, unlogged

__all__ = ["typing", "unlogged"]

POLICY = """\
version: 1
process: new-business
connection: acme
sponsor: anna@example.com
goals: {follow-up: No deal is forgotten.}
enforcement: enforce
since: 2020-01-01
stages:
  Appointment Scheduled:
  Qualified To Buy:
  Closed Won:
  Closed Lost: {from: any}
follow_ups:
  idle:
    goal: follow-up
    starts: {idle: 1s}
    ladder: [{after: 0s, remind: owner}, {after: 30d, remind: owner}]
people: {fallback: ops@example.com, messages_per_day: 1, seen: {lasts: 4h, times: 1}}
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    running = start()
    remote = Remote(running.url)
    remote.post("hubspot/settings", portal_id=12345678)
    remote.post(
        "hubspot/seed",
        records=[
            {
                "object": "deals",
                "properties": {
                    "dealname": name,
                    "dealstage": "appointmentscheduled",
                    "pipeline": "default",
                    "createdate": "2026-01-01T12:00:00Z",
                },
            }
            for name in ("One", "Two")
        ],
    )
    remote.close()
    yield running
    running.stop()


@pytest.fixture
def terminal(typing: Terminal) -> Iterator[Terminal]:
    typing.connect(POLICY)
    jobs.application.cache_clear()
    yield typing
    jobs.application().store.close()
    jobs.application.cache_clear()


def test_a_follow_up_that_was_seen_says_so_and_is_seen_only_so_often(
    terminal: Terminal,
):
    first, other = terminal.type("follow-ups", "--json").json
    assert (first["seen_until"], first["seen_by"]) == (None, None)
    seen = terminal.type("follow-ups", "seen", str(first["id"]), "--by", "Tom")
    assert seen.code == 0, seen.err
    assert f"idle for {first['record']} waits until" in seen.out
    listed = {one["id"]: one for one in terminal.type("follow-ups", "--json").json}
    assert listed[first["id"]]["seen_by"] == "Tom"
    assert listed[first["id"]]["seen_until"] is not None
    assert listed[other["id"]]["seen_by"] is None
    again = terminal.type("follow-ups", "seen", str(first["id"]), "--by", "Tom")
    assert again.code == 2
    assert "was seen 1 times before" in again.err


@pytest.mark.usefixtures("terminal")
def test_the_clock_finds_a_digest_that_is_due_and_has_the_clocks_look_first():
    app = jobs.application()
    jobs.follow_up()
    states = [one.state for one in _messages(app)]
    assert sorted(states) == ["planned", "waiting"]
    [waiting] = [one.id for one in _messages(app) if one.state == "waiting"]
    assert "notify" not in _due()
    with app.store.begin() as tx:
        tx.digests.put_off([waiting], until=app.clock.now() - timedelta(hours=1))
    assert "notify" in _due()
    jobs.notify()
    assert "follow_up" in _due()
    jobs.follow_up()
    [digest] = [one for one in _messages(app) if one.purpose is Purpose.DIGEST]
    assert digest.person == "ops@example.com"


def _messages(app: Application) -> list[Notification]:
    with app.store.begin() as tx:
        return tx.notifications.latest()


def _due() -> set[str]:
    return {job for job, _ in jobs.due()}
