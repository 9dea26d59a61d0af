"""What Slagboom did is taken back where it still stands so, once, and stays so."""

from datetime import date

import pytest
from redis import Redis

from connector.errors import ConfigError
from connector.services.undoing import NotUndoable, Ordered, Undo
from connector.store import Store
from connector.store.interventions import Intervention
from rules.model import (
    AMOUNT,
    EvidenceKind,
    OwnerId,
    RecordRef,
    StageId,
    Value,
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
  quote_sent: {gate: "quotes >= 1", goal: forecast}
  negotiation:
  won:
  lost: {from: any}
moves:
  skip: {goal: forecast}
checks:
  amount-not-negative: {goal: forecast, check: "amount >= 0", on_fail: restore}
"""


class Repair(Office):
    """An office that takes back what was done."""

    def __init__(self, store: Store, clock: FrozenClock, redis: Redis) -> None:
        super().__init__(store, clock, redis, POLICY)
        self.undo = Undo(store, self.policies, clock)

    def value_of(self, deal: RecordRef) -> Value:
        return self.world.crm.read([deal], self.world.fields)[deal].fields[AMOUNT]

    def done(self, kind: str) -> list[Intervention]:
        with self.store.begin() as tx:
            found = tx.interventions.latest()
        return [one for one in found if one.kind.value == kind]

    def take_back(self, intervention: Intervention) -> Ordered:
        ordered = self.undo.one(intervention.id, why="A mistake", author="anna")
        self.judge()
        return ordered


@pytest.fixture
def repair(store: Store, clock: FrozenClock, redis: Redis) -> Repair:
    return Repair(store, clock, redis)


def test_a_return_is_taken_back_and_the_timeline_says_so(repair: Repair):
    deal = repair.add_at("lead")
    assert repair.move(deal, "demo") == "lead"
    ordered = repair.take_back(repair.done("return")[0])
    assert repair.undo.states(ordered) == ["done"]
    assert repair.stage_of(deal) == "demo"
    assert repair.done("return")[0].state.value == "undone"
    note = repair.world.notes(deal)[-1].html
    assert "since anna asked for it" in note
    assert "Stage: from Lead back to Demo" in note
    assert len(repair.world.notes(deal)) == 2, "a note is never deleted"


def test_what_was_taken_back_is_accepted_and_fought_over_no_more(repair: Repair):
    deal = repair.add_at("lead")
    repair.move(deal, "demo")
    repair.take_back(repair.done("return")[0])
    for _ in range(3):
        repair.clock.advance(DAY)
        repair.look()
    assert repair.stage_of(deal) == "demo"
    assert len(repair.world.notes(deal)) == 2
    assert repair.move(deal, "negotiation") == "demo", "what comes next is judged"


def test_a_restored_value_is_taken_back(repair: Repair):
    deal = repair.add_at("lead")
    repair.world.edit(deal, AMOUNT, -7.0)
    repair.look()
    assert repair.value_of(deal) == 5.0
    repair.take_back(repair.done("restore")[0])
    repair.look()
    assert repair.value_of(deal) == -7.0
    assert "Amount: from 5 back to -7" in repair.world.notes(deal)[-1].html


def test_an_owner_who_is_put_back_is_called_by_name(repair: Repair):
    repair.publish(
        POLICY + "  owned: {goal: forecast, check: \"owner != '73'\","
        " on_fail: restore}\n"
    )
    deal = repair.add_at("lead")
    repair.world.assign(deal, OwnerId("73"))
    repair.look()
    assert repair.world.records[deal].owner == repair.world.rep
    note = repair.world.notes(deal)[-1].html
    assert "Owner: from Marit Manager back to Robin Rep" in note


def test_a_move_that_slagboom_made_is_taken_back_and_not_made_again(repair: Repair):
    deal = repair.add_at("demo")
    assert repair.move(deal, "quote_sent") == "demo"
    repair.world.link(deal, EvidenceKind.QUOTES)
    repair.look()
    assert repair.stage_of(deal) == "quote_sent"
    repair.take_back(repair.done("set_stage")[0])
    repair.look()
    assert repair.stage_of(deal) == "demo"


def test_what_the_crm_changed_along_with_the_stage_comes_back_too(repair: Repair):
    deal = repair.add_at("lead")
    repair.move(deal, "won")
    assert repair.world.records[deal].values["close_date"] == date(2027, 1, 31)
    repair.take_back(repair.done("return")[0])
    assert repair.stage_of(deal) == "won"
    assert repair.world.records[deal].values["close_date"] == date(2026, 12, 1)
    note = repair.world.notes(deal)[-1].html
    assert "Close_date: from 31 January 2027 back to 1 December 2026" in note


def test_a_record_that_has_moved_on_is_left_and_the_admin_told(repair: Repair):
    deal = repair.add_at("lead")
    repair.move(deal, "demo")
    repair.move(deal, "lost")
    ordered = repair.take_back(repair.done("return")[0])
    assert repair.undo.states(ordered) == ["left"]
    assert repair.stage_of(deal) == "lost"
    assert repair.notices() == ["reversal_left"]
    assert repair.done("return")[0].state.value == "done"


def test_a_record_that_is_gone_or_merged_is_left(repair: Repair):
    gone, merged, other = (
        repair.add_at("lead"),
        repair.add_at("lead"),
        repair.add_at("lead"),
    )
    for deal in (gone, merged):
        repair.move(deal, "demo")
    ordered = [
        repair.undo.one(one.id, why="", author="anna") for one in repair.done("return")
    ]
    repair.world.delete(gone)
    into = repair.world.merge(merged, other)
    repair.hear_merge(into, merged, other)
    repair.judge()
    assert [repair.undo.states(one) for one in ordered] == [["left"], ["left"]]


def test_what_changes_between_reading_and_writing_is_not_overwritten(repair: Repair):
    deal = repair.add_at("lead")
    repair.move(deal, "demo")
    repair.undo.one(repair.done("return")[0].id, why="", author="anna")
    repair.world.crm.has_conditional_writes = True
    repair.meddle_at("write", lambda: repair.world.edit(deal, AMOUNT, 9.0))
    repair.judge()
    repair.look()
    assert repair.value_of(deal) == 9.0
    assert repair.stage_of(deal) == "demo"


def test_a_whole_run_is_taken_back(repair: Repair):
    deals = [repair.add_at("lead") for _ in range(5)]
    for deal in deals:
        repair.world.move(deal, StageId("s-demo"))
    repair.look()
    [run] = {one.run for one in repair.done("return")}
    assert run is not None
    ordered = repair.undo.run(run, why="The policy was wrong", author="anna")
    repair.judge()
    assert repair.undo.states(ordered) == ["done"] * 5
    assert {repair.stage_of(deal) for deal in deals} == {"demo"}
    with pytest.raises(NotUndoable, match="undone already"):
        repair.undo.run(run, why="", author="anna")
    with repair.store.begin() as tx:
        [entry] = tx.audit.latest(target=f"run/{run}")
    assert (entry.action, entry.reason) == (
        "intervention.undone",
        "The policy was wrong",
    )


def test_what_a_process_did_in_a_stretch_of_time_is_taken_back(repair: Repair):
    early, late = repair.add_at("lead"), repair.add_at("lead")
    repair.move(early, "demo")
    begun = repair.clock.now()
    repair.move(late, "demo")
    ended = repair.clock.now().isoformat()
    with pytest.raises(NotUndoable, match="changed no record in that time"):
        repair.undo.stretch("other", ended, None, why="", author="anna")
    for since in ("yesterday", "0001-01-01T00:00+01:00"):
        with pytest.raises(ConfigError, match="is no moment"):
            repair.undo.stretch("new-business", since, None, why="", author="anna")
    repair.undo.stretch("new-business", begun.isoformat(), ended, why="", author="anna")
    repair.judge()
    assert (repair.stage_of(early), repair.stage_of(late)) == ("lead", "demo")


def test_of_several_on_one_record_the_latest_is_taken_back_first(repair: Repair):
    deal = repair.add_at("lead")
    repair.move(deal, "demo")
    repair.world.edit(deal, AMOUNT, -7.0)
    repair.look()
    repair.undo.one(repair.done("return")[0].id, why="", author="anna")
    repair.undo.one(repair.done("restore")[0].id, why="", author="anna")
    repair.judge()
    assert (repair.stage_of(deal), repair.value_of(deal)) == ("demo", -7.0)


def test_in_a_pause_what_was_done_can_be_taken_back(repair: Repair):
    deal = repair.add_at("lead")
    repair.move(deal, "demo")
    repair.set_paused(is_paused=True)
    repair.take_back(repair.done("return")[0])
    assert repair.stage_of(deal) == "demo"


def test_what_cannot_be_taken_back_is_refused_with_the_reason(repair: Repair):
    deal = repair.add_at("lead")
    repair.move(deal, "demo")
    with pytest.raises(NotUndoable, match="A note is never deleted"):
        repair.undo.one(repair.done("note")[0].id, why="", author="anna")
    with pytest.raises(NotUndoable, match="There is no intervention 999"):
        repair.undo.one(999, why="", author="anna")
    with pytest.raises(NotUndoable, match="changed no record"):
        repair.undo.run(999, why="", author="anna")
    repair.take_back(repair.done("return")[0])
    with pytest.raises(NotUndoable, match="is undone"):
        repair.undo.one(repair.done("return")[0].id, why="", author="anna")
    with pytest.raises(NotUndoable, match="is not done again"):
        repair.undo.one(repair.done("undo")[0].id, why="", author="anna")


def test_asking_twice_takes_back_once(repair: Repair):
    deal = repair.add_at("lead")
    repair.move(deal, "demo")
    returned = repair.done("return")[0].id
    repair.undo.one(returned, why="", author="anna")
    with pytest.raises(NotUndoable, match="being undone already"):
        repair.undo.one(returned, why="", author="anna")
    repair.judge()
    assert len(repair.done("undo")) == 1


@pytest.mark.parametrize("method", ["write", "write_notes"])
def test_a_worker_that_dies_is_finished_by_the_next_and_nothing_twice(
    repair: Repair, method: str
):
    deal = repair.add_at("lead")
    repair.move(deal, "demo")
    ordered = repair.undo.one(repair.done("return")[0].id, why="", author="anna")
    repair.kill_at(method)
    with pytest.raises(Killed):
        repair.judge()
    repair.revive()
    repair.judge()
    assert repair.undo.states(ordered) == ["done"]
    assert repair.stage_of(deal) == "demo"
    assert len(repair.world.notes(deal)) == 2
    assert len(repair.done("undo")) == 1


@pytest.mark.parametrize("trouble", [Trouble.LOST, Trouble.DROPPED])
def test_a_lost_answer_is_found_out_and_nothing_twice(repair: Repair, trouble):
    deal = repair.add_at("lead")
    repair.move(deal, "demo")
    ordered = repair.undo.one(repair.done("return")[0].id, why="", author="anna")
    repair.world.trouble(Door.WRITE, trouble)
    for _ in range(3):
        repair.judge()
        repair.clock.advance(DAY / 24)
    assert repair.undo.states(ordered) == ["done"]
    assert repair.stage_of(deal) == "demo"
    assert len(repair.world.notes(deal)) == 2


def test_what_the_crm_refuses_stays_and_is_told(repair: Repair):
    deal = repair.add_at("lead")
    repair.move(deal, "demo")
    repair.world.refuse(deal, "locked for approval")
    ordered = repair.take_back(repair.done("return")[0])
    assert repair.undo.states(ordered) == ["refused"]
    assert "locked for approval" in repair.world.notes(deal)[-1].html
    assert "write_refused" in repair.notices()
