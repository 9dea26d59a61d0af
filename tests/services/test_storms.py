"""Too much at once is put back only when a person says so."""

from collections import Counter
from typing import TYPE_CHECKING, cast

import pytest
from redis import Redis

from connector.errors import ConfigError
from connector.services.permits import Permits
from connector.services.storms import NoStorm, Storms
from connector.store import Store
from rules.model import ActorClass, RecordRef, StageId
from tests.fakes.clock import FrozenClock
from tests.fakes.world import Door, Trouble
from tests.services.office import DAY, Killed, Meddled, Office

if TYPE_CHECKING:
    from adapters.ports import Crm

MINUTE = DAY / 24 / 60
ANNA = "anna@example.com"

POLICY = """
version: 1
process: new-business
title: {en: New business, nl: Nieuwe klanten}
sponsor: anna@example.com
connection: acme
pipeline: sales
since: 2020-01-01
locale: en
enforcement: enforce
goals:
  forecast: We see where deals really stall.
  follow-up: No deal is forgotten.
stages:
  lead:
  qualification:
  demo: {gate: "meetings >= 1", goal: forecast}
  quote_sent:
  negotiation:
  won:
  lost: {from: any}
moves:
  skip: {goal: forecast}
storm: {returns: 20, share: 100%}
"""


class Coast(Office):
    """An office that storms come over."""

    def __init__(self, store: Store, clock: FrozenClock, redis: Redis) -> None:
        super().__init__(store, clock, redis, POLICY)
        self.storms = Storms(store, self.policies, clock, page_url="https://s.example")
        self.permits = Permits(store, self.policies, clock)

    def add(self, count: int) -> list[RecordRef]:
        deals = [self.world.add_record(owner=self.world.rep) for _ in range(count)]
        self.look()
        self.clock.advance(MINUTE)
        return deals

    def jump(
        self, deals: list[RecordRef], *, by: ActorClass = ActorClass.IMPORT
    ) -> None:
        for deal in deals:
            self.world.move(deal, StageId("s-quote_sent"), by=by)
        self.look()

    def rush(self, deals: list[RecordRef], *, meanwhile: list[RecordRef]) -> None:
        """Have one worker judge a batch, and another one the next batch meanwhile."""
        for deal in deals + meanwhile:
            self.world.move(deal, StageId("s-quote_sent"), by=ActorClass.IMPORT)
        self.due(deals)

        def go_between() -> None:
            self.crm = self.world.crm
            self.due(meanwhile)
            self.judge()

        self.crm = cast("Crm", Meddled(self.world.crm, "trace", go_between))
        self.judge()

    def due(self, deals: list[RecordRef]) -> None:
        with self.store.begin() as tx:
            rows = tx.records.ensure(self.id, deals)
            tx.records.hint(list(rows.values()), due_at=self.clock.now())

    def stages(self, deals: list[RecordRef]) -> Counter[str]:
        found = self.world.crm.read(deals, {})
        return Counter(str(found[one].stage).removeprefix("s-") for one in deals)

    def notes(self, deals: list[RecordRef]) -> int:
        return sum(len(self.world.notes(one)) for one in deals)

    def permit(self, count: int, until: str = "2d", **more: object):
        return self.permits.grant(
            "new-business",
            connection=None,
            count=count,
            until=until,
            why="The old CRM is moved over",
            by=ANNA,
            author="admin",
            **{"actor": None, **more},  # type: ignore[arg-type]
        )

    def levels(self) -> Counter[str]:
        with self.store.begin() as tx:
            found = tx.violations.latest(only_open=False, limit=10_000)
        return Counter(one.closed_by or one.enforcement.value for one in found)


@pytest.fixture
def coast(store: Store, clock: FrozenClock, redis: Redis) -> Coast:
    return Coast(store, clock, redis)


def test_up_to_the_limit_everything_is_put_back(coast: Coast):
    deals = coast.add(20)
    coast.jump(deals)
    assert coast.stages(deals) == {"lead": 20}
    assert coast.storms.latest() == []


def test_a_batch_is_cut_at_the_limit_and_nothing_beyond_it_is_written(coast: Coast):
    deals = coast.add(50)
    coast.jump(deals)
    assert coast.stages(deals) == {"lead": 20, "quote_sent": 30}
    assert coast.notes(deals) == 20
    [storm] = coast.storms.latest()
    assert (storm.returned, storm.most, storm.moved) == (20, 20, 30)
    assert coast.levels() == {"returned": 20, "observe": 30}


def test_the_sponsor_is_asked_once_with_numbers_and_three_answers(coast: Coast):
    coast.jump(coast.add(50))
    coast.jump(coast.add(10))
    coast.run()
    assert coast.told() == [(ANNA, "admin")]
    [message] = coast.channel.sent
    assert message.subject == (
        "New business: 50 records moved at once. What should happen?"
    )
    words = " ".join(message.lines)
    assert "Within ten minutes 50 records were changed" in words
    assert "Slagboom puts 20 of them back and then stops" in words
    assert "by an import" in words
    for answer in ("permit", "return", "look"):
        assert f"slagboom storm {answer} acme" in words
    assert message.link == "https://s.example"
    assert coast.notices() == ["storm"]


def test_what_was_put_back_before_counts_among_what_the_sponsor_is_told(coast: Coast):
    coast.jump(coast.add(5))
    coast.jump(coast.add(50))
    coast.run()
    [message] = coast.channel.sent
    words = " ".join(message.lines)
    assert "Within ten minutes 55 records were changed" in words
    assert "Slagboom puts 20 of them back and then stops" in words
    [storm] = coast.storms.latest()
    assert storm.returned == 20


def test_slow_work_is_no_storm(coast: Coast):
    for _ in range(4):
        deals = coast.add(15)
        coast.jump(deals, by=ActorClass.PERSON)
        assert coast.stages(deals) == {"lead": 15}
        coast.clock.advance(10 * MINUTE)
    assert coast.storms.latest() == []


def test_until_somebody_answers_the_process_is_observed(coast: Coast):
    coast.jump(coast.add(50))
    coast.clock.advance(2 * DAY)
    later = coast.add(1)
    coast.jump(later)
    assert coast.stages(later) == {"quote_sent": 1}
    assert coast.notes(later) == 0
    [storm] = coast.storms.latest()
    assert storm.moved == 31


def test_permit_leaves_everything_as_it_stands(coast: Coast):
    deals = coast.add(50)
    coast.jump(deals)
    coast.run()
    [storm] = coast.storms.permit("acme", author="anna")
    coast.look()
    assert coast.stages(deals) == {"lead": 20, "quote_sent": 30}
    assert coast.levels() == {"returned": 20, "permitted": 30}
    assert coast.notices() == []
    coast.run()
    [message] = coast.channel.messages.values()
    assert message.is_settled
    assert "anna permits what was changed" in message.lines[0]
    with coast.store.begin() as tx:
        [entry] = tx.audit.latest(target="acme/new-business", limit=1)
    assert (entry.action, entry.after["answer"]) == ("storm.answered", "permit")
    assert storm.moved == 30


def test_after_an_answer_the_next_jump_is_put_back_at_once(coast: Coast):
    coast.jump(coast.add(50))
    coast.storms.permit(None, author="anna")
    later = coast.add(3)
    coast.jump(later)
    assert coast.stages(later) == {"lead": 3}
    assert len(coast.storms.latest()) == 1


def test_return_puts_back_what_the_storm_left_and_starts_no_other(coast: Coast):
    deals = coast.add(120)
    coast.jump(deals)
    coast.storms.put_back("acme", author="anna")
    coast.judge()
    assert coast.stages(deals) == {"lead": 120}
    assert coast.notes(deals) == 120
    assert coast.levels() == {"returned": 120}
    coast.look()
    later = coast.add(20)
    coast.jump(later)
    assert coast.stages(later) == {"lead": 20}
    assert [one.answer for one in coast.storms.latest()] == ["return"]


def test_return_leaves_what_has_moved_on_and_says_so(coast: Coast):
    deals = coast.add(22)
    coast.jump(deals)
    [left, other] = [
        one for one in deals if coast.stages([one]) == Counter({"quote_sent": 1})
    ]
    coast.world.move(left, StageId("s-negotiation"))
    coast.look()
    coast.storms.put_back("acme", author="anna")
    coast.judge()
    assert coast.stages([left]) == {"negotiation": 1}
    assert coast.stages([other]) == {"lead": 1}
    assert "reversal_left" in coast.notices()


def test_what_has_happened_since_is_judged_before_anything_is_put_back(coast: Coast):
    deals = coast.add(21)
    coast.jump(deals)
    [left] = [one for one in deals if coast.stages([one]) == Counter({"quote_sent": 1})]
    coast.storms.put_back("acme", author="anna")
    coast.world.move(left, StageId("s-lost"))
    coast.judge()
    assert coast.stages([left]) == {"lost": 1}


def test_look_shows_who_moved_what_and_goes_on_observing(coast: Coast):
    deals = coast.add(25)
    coast.jump(deals)
    [seen] = coast.storms.look("acme", author="anna")
    assert len(seen.moved) == 5
    change = seen.moved[0].change
    assert (change.before.stage, change.after.stage) == ("s-lead", "s-quote_sent")
    assert change.actor.kind is ActorClass.IMPORT
    assert coast.storms.latest()[0].answer == "look"
    later = coast.add(1)
    coast.jump(later)
    assert coast.stages(later) == {"quote_sent": 1}
    coast.storms.put_back(None, author="anna")
    coast.judge()
    assert coast.stages(later) == {"lead": 1}


def test_without_a_storm_there_is_nothing_to_answer(coast: Coast):
    with pytest.raises(NoStorm):
        coast.storms.permit(None, author="anna")


def test_workers_side_by_side_cannot_overrun_the_limit(coast: Coast):
    first, second = coast.add(15), coast.add(15)
    coast.rush(first, meanwhile=second)
    assert coast.stages(first + second) == {"lead": 20, "quote_sent": 10}
    [storm] = coast.storms.latest()
    assert (storm.returned, storm.moved) == (20, 10)


def test_a_storm_that_another_worker_met_stops_this_one_too(coast: Coast):
    first, second = coast.add(5), coast.add(30)
    coast.rush(first, meanwhile=second)
    assert coast.stages(first) == {"quote_sent": 5}
    [storm] = coast.storms.latest()
    assert storm.moved == 15


def test_a_worker_that_dies_while_it_puts_back_leaves_nothing_half_done(coast: Coast):
    deals = coast.add(40)
    coast.jump(deals)
    coast.storms.put_back("acme", author="anna")
    coast.kill_at("write_notes")
    with pytest.raises(Killed):
        coast.judge()
    coast.revive()
    coast.judge()
    assert coast.stages(deals) == {"lead": 40}
    assert coast.notes(deals) == 40
    with coast.store.begin() as tx:
        assert tx.reversals.records(coast.id) == []


def test_what_the_crm_fails_to_answer_is_put_back_once(coast: Coast):
    deals = coast.add(30)
    coast.jump(deals)
    coast.storms.put_back("acme", author="anna")
    coast.world.trouble(Door.WRITE, Trouble.DROPPED)
    for _ in range(3):
        coast.judge()
        coast.clock.advance(5 * MINUTE)
    assert coast.stages(deals) == {"lead": 30}
    assert coast.notes(deals) == 30


def test_in_a_pause_of_all_nothing_is_put_back_and_afterwards_it_is(coast: Coast):
    deals = coast.add(30)
    coast.jump(deals)
    coast.set_paused(is_paused=True)
    coast.storms.put_back("acme", author="anna")
    coast.judge()
    assert coast.stages(deals) == {"lead": 20, "quote_sent": 10}
    coast.set_paused(is_paused=False)
    coast.judge()
    assert coast.stages(deals) == {"lead": 30}


def test_an_announced_import_is_accepted_up_to_its_number(coast: Coast):
    coast.permit(40)
    deals = coast.add(50)
    coast.jump(deals)
    assert coast.stages(deals) == {"quote_sent": 40, "lead": 10}
    assert coast.notes(deals) == 10
    assert coast.levels() == {"observe": 40, "returned": 10}
    [permit] = coast.permits.latest(only_holding=False, limit=9)
    assert (permit.used, permit.ended_why) == (40, "used")
    assert coast.notices() == ["permit_over"]


def test_a_record_counts_once_however_often_it_moves(coast: Coast):
    coast.permit(2)
    [deal, other] = coast.add(2)
    coast.jump([deal])
    coast.clock.advance(MINUTE)
    coast.world.move(deal, StageId("s-won"), by=ActorClass.IMPORT)
    coast.look()
    assert coast.stages([deal]) == {"won": 1}
    coast.jump([other])
    assert coast.stages([other]) == {"quote_sent": 1}


def test_a_permit_for_imports_permits_no_person(coast: Coast):
    coast.permit(10, actor=ActorClass.IMPORT)
    [first, second] = coast.add(2)
    coast.jump([first], by=ActorClass.PERSON)
    coast.jump([second], by=ActorClass.IMPORT)
    assert coast.stages([first, second]) == {"lead": 1, "quote_sent": 1}


def test_a_permit_ends_at_its_time_and_the_admin_hears(coast: Coast):
    coast.permit(10, "1d")
    coast.clock.advance(DAY)
    with coast.store.begin() as tx:
        coast.permits.end_due(tx, coast.clock.now())
    [deal] = coast.add(1)
    coast.jump([deal])
    assert coast.stages([deal]) == {"lead": 1}
    assert coast.notices() == ["permit_over"]
    assert coast.permits.latest(only_holding=True, limit=9) == []


def test_that_a_permit_is_over_is_news_that_fades(coast: Coast):
    coast.permit(1)
    coast.jump(coast.add(1))
    assert coast.notices() == ["permit_over"]
    for days, left in ((6, ["permit_over"]), (1, [])):
        coast.clock.advance(days * DAY)
        with coast.store.begin() as tx:
            tx.notices.fade(coast.clock.now())
        assert coast.notices() == left


def test_a_permit_can_be_revoked(coast: Coast):
    permit = coast.permit(10)
    coast.permits.revoke(permit.id, why="Done", author="admin")
    [deal] = coast.add(1)
    coast.jump([deal])
    assert coast.stages([deal]) == {"lead": 1}
    with pytest.raises(ConfigError, match="No permit with the id"):
        coast.permits.revoke(permit.id, why="Again", author="admin")


def test_a_permit_for_a_process_that_is_not_there_is_refused(coast: Coast):
    with pytest.raises(ConfigError, match="Did you mean “new-business”"):
        coast.permits.grant(
            "new-busines",
            connection=None,
            count=1,
            until="1d",
            why="w",
            by=ANNA,
            actor=None,
            author="admin",
        )


def test_workers_side_by_side_cannot_use_a_permit_twice(coast: Coast):
    coast.permit(15)
    first, second = coast.add(10), coast.add(10)
    coast.rush(first, meanwhile=second)
    assert coast.stages(second) == {"quote_sent": 10}
    assert coast.stages(first) == {"quote_sent": 5, "lead": 5}
