"""An organisation that takes no more requests: its work waits, and goes on by itself.

Everything is real but the time: what asks for half an hour gets it at once.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from adapters.salesforce.refusals import BUSY_PAUSE, DAILY_PAUSE
from adapters.sandbox import Sandbox
from adapters.sandbox.company import MANAGER
from connector.bootstrap import build
from connector.config import Config
from connector.demo.showroom import Office, furnish
from connector.services.enforce import GIVE_UP
from tests.salesforce.kit import Ahead
from tests.sandbox.fixtures import control, running, sandbox
from tests.sandbox.kit import Control
from tests.workings.salesforce import SalesforceWorkings

__all__ = ["control", "running", "sandbox"]

LIMIT = 1_000
DEALS = 40


class Room:
    """A worker's services, and a company that has just moved all its deals too far."""

    def __init__(self, office: Office, control: Control, ahead: Ahead) -> None:
        self.app, self.company = office.app, office.company
        self.id = office.connection.id
        self.control = control
        self.crm = SalesforceWorkings(office.sandbox, office.company)
        self._sandbox = office.sandbox
        self._ahead = ahead
        self.deals = self.company.add_deals(DEALS, "Lead")
        self.app.reconcile.import_(office.connection)
        self.company.move_all(self.deals, "Negotiation")
        self.app.reconcile.sweep(self.app.accounts.find(office.connection.name))

    def use(self, requests: int) -> None:
        """Have so many requests of the day's thousand be used."""
        self.control.post("salesforce/settings", daily_limit=LIMIT)
        self.control.post("salesforce/calls", used=requests)

    def crowd(self) -> None:
        """Have too many long requests run side by side, so that nothing is saved."""
        self.control.post(
            "faults",
            kind="status",
            status=403,
            method="PATCH",
            path="sobjects/Opportunity/",
            category="REQUEST_LIMIT_EXCEEDED",
            message="ConcurrentPerOrgLongTxn Limit exceeded.",
            count=None,
        )

    def clear(self) -> None:
        """Have the organisation take requests again."""
        self.control.post("faults/clear")
        self.use(0)

    def work(self) -> None:
        """Do what the workers do by themselves at this moment."""
        with self.app.store.begin() as tx:
            due = tx.records.due_connections(self._ahead.now())
        if self.id in due:
            self.app.enforce.look(self.id)
        self.app.alarms.run()
        self.app.notify.run()

    def work_after(self, wait: timedelta) -> int:
        """Let time pass and work; return how many requests that took."""
        self._ahead.advance(wait)
        if wait >= DAILY_PAUSE:
            # Redis has a clock of its own.
            for held in self.app.means.redis.scan_iter("budget:*:held"):
                self.app.means.redis.delete(held)
        before = self._requests()
        self.work()
        return self._requests() - before

    def _requests(self) -> int:
        return len(self.control.get("requests", system="salesforce")["requests"])

    def stages(self) -> Counter[str]:
        return Counter(self.crm.stages(self.deals).values())

    def notices(self) -> list[tuple[str, str]]:
        with self.app.store.begin() as tx:
            return [(one.code, one.message) for one in tx.notices.open()]

    def alarms(self) -> list[str]:
        """What the manager was sent, as it reads now."""
        with self._sandbox.engine.lock:
            return [str(one) for one in self._sandbox.slack.posted(MANAGER)]

    def check_done(self) -> None:
        """Everything is back, and said once."""
        assert self.stages() == {"Lead": DEALS}
        assert self.crm.note_counts(self.deals) == dict.fromkeys(self.deals, 1)
        assert self.notices() == []


@pytest.fixture
def room(
    database_url: str,
    redis_url: str,
    sandbox: Sandbox,
    control: Control,
    ahead: Ahead,
) -> Iterator[Room]:
    config = Config.load(
        {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "PUBLIC_URL": "https://slagboom.example.com",
            "SLAGBOOM_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
            "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES": "1",
        }
    )
    app = build(config, config.urls(), clock=ahead)
    (office,) = furnish(app, sandbox, ["salesforce"])
    yield Room(office, control, ahead)
    app.store.close()


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (lambda room: room.use(LIMIT), "requests of this day are used up"),
        (lambda room: room.use(LIMIT * 95 // 100), "goes on reading"),
    ],
    ids=["nothing more", "reading only"],
)
def test_a_spent_day_is_told_once_and_everything_is_done_when_the_next_begins(
    room: Room, limit: Callable[[Room], None], words: str
):
    limit(room)
    room.work()
    for _ in range(2):
        assert room.work_after(DAILY_PAUSE / 2.1) == 0, "it is left alone"
    for _ in range(4):
        room.work_after(DAILY_PAUSE)
    assert room.stages() == {"Negotiation": DEALS}
    [(code, message)] = room.notices()
    assert (code, words in message) == ("crm_exhausted", True), message
    [told] = room.alarms()
    assert words in told
    room.clear()
    room.work_after(DAILY_PAUSE)
    room.check_done()
    room.work()
    [over] = room.alarms()
    assert over != told, "the message says that it is over"
    assert room.work_after(DAILY_PAUSE) == 0


def test_too_many_long_requests_are_waited_for_and_nobody_is_bothered(room: Room):
    room.crowd()
    room.work()
    for _ in range(GIVE_UP + 1):
        assert room.work_after(BUSY_PAUSE / 2) == 0, "it is left alone"
        assert room.work_after(BUSY_PAUSE / 2) < DEALS, "one refusal is enough"
    assert room.stages() == {"Negotiation": DEALS}
    assert room.notices() == []
    room.clear()
    room.work_after(BUSY_PAUSE)
    room.check_done()
    assert room.alarms() == []
