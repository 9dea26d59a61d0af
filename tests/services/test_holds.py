"""A wanted move that lacks something is made when it comes, on whatever route."""

from datetime import date, timedelta

import pytest
from redis import Redis

from connector.services.holds import HOLD_CHECK, Holds, NothingHeld
from connector.store import Store
from connector.store.holds import HoldSummary
from rules.model import (
    AMOUNT,
    CLOSE_DATE,
    EvidenceKind,
    FieldName,
    Kind,
    RecordRef,
    StageId,
)
from tests.fakes.clock import FrozenClock
from tests.fakes.world import Door, Trouble
from tests.services.office import DAY, Killed, Office

POLICY = """
version: 1
process: new-business
sponsor: anna@example.com
connection: acme
pipeline: sales
since: 2020-01-01
locale: en
enforcement: enforce
goals:
  forecast: We see where deals really stall.
stages:
  lead:
  qualification:
  demo:
  quote_sent: {requires: [amount], gate: "quotes >= 1", goal: forecast}
  negotiation:
  won:
  lost: {from: any}
checks:
  amount-not-negative: {goal: forecast, check: "amount >= 0", on_fail: restore}
  cheap: {goal: forecast, check: "amount < 1000", enforcement: flag}
holds: {keep: 10d}
"""


class Desk(Office):
    """An office in which deals wait."""

    def __init__(self, store: Store, clock: FrozenClock, redis: Redis) -> None:
        super().__init__(store, clock, redis, POLICY)
        self.desk = Holds(store, clock)

    def add_held(self, *, amount: float | None = 5.0) -> RecordRef:
        """Have a deal that was put back to Demo, and is wanted in Quote sent."""
        deal = self.world.add_record(
            stage=StageId("s-demo"),
            owner=self.world.rep,
            values={AMOUNT: amount, CLOSE_DATE: date(2027, 1, 31)},
        )
        self.look()
        self.want(deal, "quote_sent")
        assert self.stage_of(deal) == "demo"
        return deal

    def want(self, deal: RecordRef, stage: str) -> None:
        self.clock.advance(timedelta(minutes=5))
        self.world.move(deal, StageId(f"s-{stage}"))
        self.look()

    def check_holds(self) -> None:
        """Have the holds' own check come due, without any hint."""
        self.clock.advance(HOLD_CHECK)
        with self.store.begin() as tx:
            self.reconcile.wake_holds(tx, self.clock.now())
        self.judge()

    def holds(self) -> list[HoldSummary]:
        with self.store.begin() as tx:
            return tx.holds.latest(only_open=False)

    def endings(self) -> list[str | None]:
        return [hold.ended_why for hold in reversed(self.holds())]


@pytest.fixture
def desk(store: Store, clock: FrozenClock, redis: Redis) -> Desk:
    return Desk(store, clock, redis)


def test_a_quote_that_comes_lets_the_move_be_made_and_told(desk: Desk):
    deal = desk.add_held()
    desk.world.link(deal, EvidenceKind.QUOTES)
    desk.look()
    assert desk.stage_of(deal) == "quote_sent"
    assert desk.endings() == ["completed"]
    assert "What was missing is there now." in desk.world.notes(deal)[-1].html
    assert len(desk.world.notes(deal)) == 2


def test_a_quote_that_nobody_told_of_is_found_by_the_holds_own_check(desk: Desk):
    deal = desk.add_held()
    desk.world.link(deal, EvidenceKind.QUOTES)
    desk.check_holds()
    assert desk.stage_of(deal) == "quote_sent"


def test_a_field_that_is_filled_in_lets_the_move_be_made(desk: Desk):
    deal = desk.add_held(amount=None)
    desk.world.link(deal, EvidenceKind.QUOTES)
    desk.look()
    assert desk.stage_of(deal) == "demo"
    desk.world.edit(deal, AMOUNT, 700.0)
    desk.look()
    assert desk.stage_of(deal) == "quote_sent"


def test_an_edit_that_is_flagged_lets_the_move_be_made_all_the_same(desk: Desk):
    deal = desk.add_held(amount=None)
    desk.world.link(deal, EvidenceKind.QUOTES)
    desk.world.edit(deal, AMOUNT, 5000.0)
    desk.look()
    assert desk.stage_of(deal) == "quote_sent"
    assert desk.world.tasks(deal)[-1].subject.startswith("Acme")


def test_a_wrong_edit_is_put_back_while_the_move_waits_on(desk: Desk):
    deal = desk.add_held()
    desk.world.edit(deal, AMOUNT, -5.0)
    desk.look()
    record = desk.world.crm.read([deal], {AMOUNT: "amount"})[deal]
    assert record.fields[AMOUNT] == 5.0
    assert desk.endings() == [None]


def test_what_is_still_missing_is_known_at_any_time(desk: Desk):
    deal = desk.add_held(amount=None)
    [hold] = desk.holds()
    assert hold.missing == [
        "stage.quote_sent.requires.amount",
        "stage.quote_sent.gate",
    ]
    desk.world.link(deal, EvidenceKind.QUOTES)
    desk.look()
    [hold] = desk.holds()
    assert hold.missing == ["stage.quote_sent.requires.amount"]
    assert hold.lacks[0].reason.facts["field"] == "amount"


@pytest.mark.parametrize(
    ("stage", "why"), [("qualification", "moved"), ("lost", "closed")]
)
def test_a_record_that_moves_elsewhere_is_not_moved_on(desk: Desk, stage, why):
    deal = desk.add_held()
    desk.want(deal, stage)
    desk.world.link(deal, EvidenceKind.QUOTES)
    desk.look()
    assert desk.stage_of(deal) == stage
    assert desk.endings() == [why]


def test_a_record_that_is_deleted_waits_for_nothing(desk: Desk):
    deal = desk.add_held()
    desk.world.delete(deal)
    desk.check_holds()
    assert desk.endings() == ["gone"]


def test_the_later_wish_wins(desk: Desk):
    desk.publish(POLICY.replace("won:", 'won: {gate: "contacts >= 1"}'))
    deal = desk.add_held()
    desk.want(deal, "quote_sent")
    assert desk.endings() == ["replaced", None]


def test_a_wish_that_is_too_old_is_given_up_and_its_owner_is_told_once(desk: Desk):
    deal = desk.add_held()
    desk.clock.advance(10 * DAY)
    desk.check_holds()
    desk.check_holds()
    assert desk.endings() == ["expired"]
    assert desk.stage_of(deal) == "demo"
    [_, note] = desk.world.notes(deal)
    assert "has not come in time" in note.html
    assert "Still needed: at least 1 quote." in note.html
    desk.world.link(deal, EvidenceKind.QUOTES)
    desk.look()
    assert desk.stage_of(deal) == "demo"


def test_a_policy_without_the_stage_gives_the_wish_up_and_says_so(desk: Desk):
    deal = desk.add_held()
    desk.publish(
        POLICY.replace(
            '  quote_sent: {requires: [amount], gate: "quotes >= 1", goal: forecast}\n',
            "",
        )
    )
    desk.check_holds()
    assert desk.endings() == ["policy"]
    assert "does not have this move any more" in desk.world.notes(deal)[-1].html


def test_a_policy_that_demands_less_lets_the_move_be_made(desk: Desk):
    deal = desk.add_held()
    desk.publish(POLICY.replace(', gate: "quotes >= 1"', ""))
    desk.check_holds()
    assert desk.stage_of(deal) == "quote_sent"


def test_its_owner_can_drop_it(desk: Desk):
    deal = desk.add_held()
    found = desk.desk.drop(f"deal:{deal.id}", by="rep@e", why="No more", author="anna")
    assert found.record.ref == deal
    desk.world.link(deal, EvidenceKind.QUOTES)
    desk.look()
    assert desk.stage_of(deal) == "demo"
    assert desk.endings() == ["dropped"]
    with desk.store.begin() as tx:
        [entry] = tx.audit.latest(target=f"deal:{deal.id}")
    assert (entry.action, entry.reason) == ("hold.dropped", "No more")
    with pytest.raises(NothingHeld, match="No move waits"):
        desk.desk.drop(f"deal:{deal.id}", by="rep@e", why="Again", author="anna")


def test_while_paused_nothing_is_moved_and_afterwards_it_is(desk: Desk):
    deal = desk.add_held()
    desk.set_paused(is_paused=True)
    desk.world.link(deal, EvidenceKind.QUOTES)
    desk.look()
    desk.check_holds()
    assert desk.stage_of(deal) == "demo"
    desk.set_paused(is_paused=False)
    desk.check_holds()
    assert desk.stage_of(deal) == "quote_sent"


def test_what_the_crm_refuses_is_given_up_and_told_once(desk: Desk):
    deal = desk.add_held()
    desk.world.refuse(deal, "locked for approval")
    desk.world.link(deal, EvidenceKind.QUOTES)
    desk.look()
    desk.check_holds()
    assert desk.endings() == ["refused"]
    assert len(desk.world.notes(deal)) == 2
    assert "write_refused" in desk.notices()


def test_a_wish_follows_its_record_into_what_it_was_merged_into(desk: Desk):
    deal = desk.add_held()
    other = desk.world.add_record(
        stage=StageId("s-demo"), owner=desk.world.rep, values={AMOUNT: 5.0}
    )
    desk.look()
    into = desk.world.merge(deal, other)
    desk.hear_merge(into, deal, other)
    desk.judge()
    desk.world.link(into, EvidenceKind.QUOTES)
    desk.look()
    assert desk.stage_of(into) == "quote_sent"


@pytest.mark.parametrize("trouble", [Trouble.LOST, Trouble.DROPPED])
def test_an_answer_that_is_lost_leaves_one_move_and_one_note(desk: Desk, trouble):
    deal = desk.add_held()
    desk.world.link(deal, EvidenceKind.QUOTES)
    desk.world.trouble(Door.WRITE, trouble)
    for _ in range(3):
        desk.look()
        desk.clock.advance(timedelta(minutes=5))
    assert desk.stage_of(deal) == "quote_sent"
    assert len(desk.world.notes(deal)) == 2
    assert desk.endings() == ["completed"]


def test_a_worker_that_dies_before_it_moves_is_finished_by_the_next(desk: Desk):
    deal = desk.add_held()
    desk.world.link(deal, EvidenceKind.QUOTES)
    desk.kill_at("write")
    with pytest.raises(Killed):
        desk.look()
    assert desk.stage_of(deal) == "demo"
    with pytest.raises(NothingHeld, match="being made"):
        desk.desk.drop(f"deal:{deal.id}", by="rep@e", why="Late", author="anna")
    desk.revive()
    desk.look()
    assert desk.stage_of(deal) == "quote_sent"
    assert len(desk.world.notes(deal)) == 2


def test_a_move_that_is_dropped_while_it_is_looked_at_is_not_made(desk: Desk):
    deal = desk.add_held()
    desk.world.link(deal, EvidenceKind.QUOTES)
    desk.meddle_at(
        "trace",
        lambda: desk.desk.drop(f"deal:{deal.id}", by="rep@e", why="No", author="anna"),
    )
    desk.look()
    assert desk.stage_of(deal) == "demo"
    assert desk.endings() == ["dropped"]
    assert len(desk.world.notes(deal)) == 1


def test_two_workers_make_the_move_once(desk: Desk):
    deal = desk.add_held()
    desk.world.link(deal, EvidenceKind.QUOTES)
    desk.meddle_at("write", desk.judge)
    desk.look()
    assert desk.stage_of(deal) == "quote_sent"
    assert len(desk.world.notes(deal)) == 2
    assert desk.endings() == ["completed"]


def test_a_note_that_a_dead_worker_owes_is_written_once(desk: Desk):
    deal = desk.add_held()
    desk.clock.advance(10 * DAY)
    desk.kill_at("write_notes")
    with pytest.raises(Killed):
        desk.check_holds()
    desk.revive()
    desk.look()
    desk.check_holds()
    assert desk.endings() == ["expired"]
    assert len(desk.world.notes(deal)) == 2


def test_the_wishes_of_two_kinds_of_field_are_kept_apart(desk: Desk):
    first, second = desk.add_held(amount=None), desk.add_held()
    desk.world.link(second, EvidenceKind.QUOTES)
    desk.world.edit(first, FieldName("amount"), 7.0)
    desk.look()
    assert (desk.stage_of(first), desk.stage_of(second)) == ("demo", "quote_sent")
    assert first.kind is Kind.DEAL
