"""An account that cannot be worked with: who is told, and how often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from redis import Redis

from adapters.errors import Exhausted, OutsideError, Transient, Unauthorized
from connector.services.alarms import QUIET, Alarms
from connector.services.outside import note_recovery
from connector.store import Store
from connector.store.people import Person
from tests.fakes.clock import FrozenClock
from tests.services.office import Office

ADMIN = "sales-ops@example.com"
URL = "https://slagboom.example.com"
POLICY = """
version: 1
process: new-business
sponsor: anna@example.com
connection: acme
pipeline: sales
since: 2020-01-01
locale: en
stages:
  lead:
  demo:
  won:
  lost: {from: any}
people: {fallback: sales-ops@example.com}
"""
REFUSED = Unauthorized("Salesforce refused to sign in: user is inactive.")
USED_UP = Exhausted("95% of the requests of this day are used.")


class Room(Office):
    """An office whose account can fail."""

    def fail(self, error: OutsideError = REFUSED) -> None:
        self.reconcile.put_off_sweep(self.connection(), error)

    def mend(self) -> None:
        with self.store.begin() as tx:
            tx.notices.resolve(f"crm/{self.id}", now=self.clock.now())
            note_recovery(tx, self.id, self.clock.now())

    def alarms(self) -> Alarms:
        return Alarms(self.store, self.policies, clock=self.clock, public_url=URL)

    def tell(self) -> int:
        """Plan what is to be told, and send it."""
        planned = self.alarms().run()
        self.run()
        return planned

    def is_due(self) -> bool:
        """Whether the clock would have somebody told of something."""
        with self.store.begin() as tx:
            now = self.clock.now()
            return tx.notices.is_any_untold(QUIET, now=now) or tx.notices.is_any_over()

    def shown(self) -> list[str]:
        """What stands in the channel, a message a text."""
        return ["\n".join(one.lines) for one in self.channel.messages.values()]


@pytest.fixture
def room(store: Store, clock: FrozenClock, redis: Redis) -> Room:
    return Room(store, clock, redis, POLICY)


def test_whom_the_policy_names_is_told_what_is_wrong_and_what_to_do(room: Room):
    room.fail()
    assert room.is_due()
    assert room.tell() == 1
    assert room.told() == [(ADMIN, "admin")]
    [message] = room.channel.sent
    assert message.subject == "Slagboom cannot work on acme"
    assert "Salesforce refused to sign in: user is inactive." in message.lines[0]
    assert "acme: " not in message.lines[0]
    assert "judged, put back or followed up" in message.lines[1]
    assert "slagboom probe acme" in message.lines[2]
    assert (message.link, message.link_text) == (URL, "Open Slagboom")


def test_the_same_matter_is_told_once(room: Room):
    for _ in range(3):
        room.fail()
        room.tell()
        assert not room.is_due()
        room.clock.advance(timedelta(days=1))
    assert len(room.channel.sent) == 1


def test_the_message_says_when_it_is_over(room: Room):
    room.fail()
    room.tell()
    room.mend()
    assert room.is_due()
    assert room.tell() == 1
    assert not room.is_due()
    [shown] = room.shown()
    assert shown.startswith("This is over: Slagboom works on acme again")
    assert len(room.channel.sent) == 1


def test_what_is_over_before_it_was_sent_is_not_sent(room: Room):
    room.fail()
    room.alarms().run()
    room.mend()
    room.tell()
    assert room.channel.sent == []
    assert not room.is_due()


def test_what_passes_by_itself_is_told_to_nobody(room: Room):
    room.fail(Transient("The CRM does not answer."))
    assert not room.is_due()
    assert room.tell() == 0


@pytest.mark.parametrize(
    ("error", "code"), [(REFUSED, "crm_refuses"), (USED_UP, "crm_exhausted")]
)
def test_what_comes_and_goes_is_told_again_only_after_a_while(
    room: Room, error: OutsideError, code: str
):
    room.fail(error)
    room.tell()
    room.mend()
    room.tell()
    room.clock.advance(QUIET[code])
    room.fail(error)
    assert room.tell() == 0
    room.clock.advance(timedelta(minutes=1))
    assert room.tell() == 1
    assert len(room.channel.sent) == 2


def test_an_account_that_is_used_up_says_that_it_goes_on_by_itself(room: Room):
    room.fail(USED_UP)
    room.tell()
    [message] = room.channel.sent
    assert message.subject == "acme takes no more from Slagboom for now"
    assert "95%" in message.lines[0]
    assert "goes on by itself" in message.lines[2]


def test_a_dutch_admin_reads_dutch(room: Room):
    room.people.save([Person(ADMIN, "Sam", locale="nl")], author="anna")
    room.fail()
    room.tell()
    [message] = room.channel.sent
    assert message.subject == "Slagboom kan niet werken in acme"
    assert "De melding luidt: Salesforce refused to sign in" in message.lines[0]
    room.mend()
    room.tell()
    assert room.shown()[0].startswith("Dit is voorbij")


def test_without_a_fallback_the_sponsor_is_told(room: Room):
    room.publish(POLICY.replace("people: {fallback: sales-ops@example.com}", ""))
    room.fail()
    room.tell()
    assert room.told() == [("anna@example.com", "admin")]


def test_two_policies_that_name_the_same_person_tell_them_once(room: Room):
    room.publish(POLICY.replace("new-business", "renewals"))
    room.fail()
    assert room.tell() == 1


def test_where_nobody_is_named_it_only_stands_on_the_page(room: Room):
    text = POLICY.replace("people: {fallback: sales-ops@example.com}", "")
    room.publish(text.replace("sponsor: anna@example.com", ""))
    room.fail()
    assert room.tell() == 0
    assert room.notices() == ["crm_refuses"]
    assert not room.is_due()


def test_workers_side_by_side_tell_it_once(room: Room):
    room.fail()
    with ThreadPoolExecutor(4) as pool:
        planned = list(pool.map(lambda _: room.alarms().run(), range(4)))
    assert sum(planned) == 1
    room.run()
    assert len(room.channel.sent) == 1
