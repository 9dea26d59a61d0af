"""Faults that nobody made: told once on the day they come, over when they are met."""

from datetime import date, timedelta

import pytest
from redis import Redis

from adapters.ports import Crm, Note
from connector.services.daily import AT_A_TIME, PACE, Daily
from connector.store import Store
from rules.model import CLOSE_DATE, EvidenceKind, Kind, RecordRef
from tests.fakes.clock import FrozenClock
from tests.fakes.world import DECISION_MAKER
from tests.services.office import DAY, LEASE, Killed, Office

TOMORROW = date(2026, 12, 2)
POLICY = """
version: 1
process: new-business
connection: acme
pipeline: sales
sponsor: anna@example.com
since: 2020-01-01
locale: en
calendar: {timezone: Europe/Amsterdam}
enforcement: flag
stages:
  lead:
  qualification: {requires: [decision_maker]}
  demo: {gate: "meetings >= 1"}
  quote_sent:
  won:
  lost: {from: any}
checks:
  ahead: {check: "close_date >= today", while: open}
"""
AHEAD = "check.ahead"


@pytest.fixture
def office(store: Store, clock: FrozenClock, redis: Redis) -> Office:
    return Office(store, clock, redis, POLICY)


def pass_days(office: Office, days: int = 1) -> None:
    """Let days pass, with the clock at work."""
    for _ in range(days):
        office.clock.advance(DAY)
        make_round(office)


def make_round(office: Office) -> None:
    Daily(office.store, office.policies, office.clock).run()
    office.enforce().look(office.id)


def add_deal(office: Office, close_date: date = TOMORROW, stage: int = 0) -> RecordRef:
    deal = office.world.add_record(
        stage=office.world.stages(Kind.DEAL)[stage],
        values={CLOSE_DATE: close_date},
        owner=office.world.rep,
    )
    office.look()
    return deal


def open_rules(office: Office) -> list[str]:
    return sorted(one.rule for one in office.violations())


def test_a_close_date_that_becomes_past_is_told_once_and_never_put_back(office):
    deal = add_deal(office)
    pass_days(office)
    assert office.violations() == []
    pass_days(office)
    assert open_rules(office) == [AHEAD]
    [note] = office.world.notes(deal)
    assert "Close_date is 2 December 2026." in note.html
    [task] = office.world.tasks(deal)
    assert task.subject.startswith("Acme: Correct Close_date.")
    pass_days(office, 3)
    assert len(office.world.notes(deal)) == len(office.world.tasks(deal)) == 1
    assert office.crm.read([deal], office.world.fields)[deal].fields[CLOSE_DATE] == (
        TOMORROW
    )


def test_a_round_costs_no_request_while_nothing_falls_over(office):
    add_deal(office)
    office.crm.requests.clear()
    pass_days(office)
    assert office.crm.requests == []


def test_a_round_is_made_once_a_day_in_the_zone_of_the_calendar(office):
    add_deal(office)
    make_round(office)
    with office.store.begin() as tx:
        assert not tx.daily.is_any_due(office.clock.now())
        # Midnight in Amsterdam.
        assert tx.daily.is_any_due(office.clock.now().replace(hour=23))
        assert not tx.daily.is_any_due(office.clock.now().replace(hour=22, minute=59))


def test_an_edit_that_puts_it_right_ends_it(office):
    deal = add_deal(office)
    pass_days(office, 2)
    office.world.edit(deal, CLOSE_DATE, date(2027, 1, 1))
    office.look()
    assert office.violations() == []
    assert office.violations(is_all=True)[0].closed_by == "met"


def test_an_unrelated_edit_tells_no_old_fault_twice(office):
    deal = add_deal(office)
    pass_days(office, 2)
    office.world.edit(deal, DECISION_MAKER, "Jan de Vries")
    office.look()
    assert len(office.world.notes(deal)) == 1


def test_closing_the_record_ends_what_counts_for_open_ones(office):
    deal = add_deal(office)
    pass_days(office, 2)
    office.world.move(deal, office.world.stages(Kind.DEAL)[6])
    office.look()
    assert AHEAD not in open_rules(office)


def test_a_pause_observes_and_what_still_stands_afterwards_is_told(office):
    deal = add_deal(office)
    office.set_paused(is_paused=True)
    pass_days(office, 2)
    assert [one.enforcement for one in office.violations()] == ["observe"]
    assert office.world.notes(deal) == []
    office.set_paused(is_paused=False)
    pass_days(office, 2)
    assert [one.enforcement for one in office.violations()] == ["flag"]
    assert len(office.world.notes(deal)) == 1


def test_what_was_only_observed_is_told_when_the_rule_gets_power(office):
    office.publish(POLICY.replace("enforcement: flag", "enforcement: observe"))
    deal = add_deal(office)
    pass_days(office, 2)
    assert office.world.notes(deal) == []
    office.publish(POLICY)
    pass_days(office)
    assert len(office.world.notes(deal)) == 1


def test_a_fault_that_the_policy_no_longer_knows_is_over(office):
    add_deal(office)
    pass_days(office, 2)
    office.publish(POLICY[: POLICY.index("checks:")])
    pass_days(office)
    assert office.violations() == []


@pytest.mark.parametrize("by_hint", [True, False])
def test_a_flagged_gate_is_over_when_the_meeting_is_there(office, by_hint):
    deal = add_deal(office, date(2027, 1, 1), stage=1)
    office.world.edit(deal, DECISION_MAKER, "Jan de Vries")
    office.look()
    office.world.move(deal, office.world.stages(Kind.DEAL)[2])
    office.look()
    assert open_rules(office) == ["stage.demo.gate"]
    office.world.link(deal, EvidenceKind.MEETINGS)
    if by_hint:
        office.look()
    else:
        pass_days(office)
    assert office.violations() == []


class _Dying:
    """A CRM whose caller dies before or after a note is written."""

    def __init__(self, crm: Crm, *, is_written: bool) -> None:
        self._crm = crm
        self._is_written = is_written

    def __getattr__(self, name: str):
        return getattr(self._crm, name)

    def write_notes(self, notes: list[Note]) -> None:
        if self._is_written:
            self._crm.write_notes(notes)
        raise Killed


@pytest.mark.parametrize("is_written", [True, False])
def test_a_worker_that_dies_while_it_tells_leaves_the_rest_to_the_next(
    office, is_written
):
    deal = add_deal(office)
    pass_days(office)
    office.clock.advance(DAY)
    office.crm = _Dying(office.world.crm, is_written=is_written)
    with pytest.raises(Killed):
        make_round(office)
    office.crm = office.world.crm
    office.clock.advance(LEASE + timedelta(seconds=1))
    office.enforce().look(office.id)
    assert len(office.world.notes(deal)) == len(office.world.tasks(deal)) == 1
    assert open_rules(office) == [AHEAD]


def test_a_round_goes_over_all_records_page_by_page(office):
    deals = [
        office.world.add_record(values={CLOSE_DATE: TOMORROW})
        for _ in range(AT_A_TIME + 3)
    ]
    office.reconcile.import_(office.connection())
    office.clock.advance(2 * DAY)
    daily = Daily(office.store, office.policies, office.clock)
    assert daily.run() == len(deals)
    assert daily.run() == 0
    # Looks of one page at a time, so that people's moves do not wait behind all.
    assert office.enforce().look(office.id).looked == AT_A_TIME
    office.clock.advance(PACE)
    assert office.enforce().look(office.id).looked == len(deals) - AT_A_TIME


def test_a_round_that_was_broken_off_goes_on_where_it_was(office):
    for _ in range(AT_A_TIME + 1):
        office.world.add_record(values={CLOSE_DATE: TOMORROW})
    office.reconcile.import_(office.connection())
    office.clock.advance(2 * DAY)
    now = office.clock.now()
    with office.store.begin() as tx:
        due = tx.daily.take(now)
        first = tx.baselines.standing_in(
            office.id, Kind.DEAL, ["s-lead"], after=0, limit=AT_A_TIME
        )
        tx.daily.go_on(due.process_id, after=first[-1][0])
    assert Daily(office.store, office.policies, office.clock).run() == 1


def test_two_workers_never_make_the_same_page(office):
    with office.store.begin() as one, office.store.begin() as other:
        assert one.daily.take(office.clock.now()) is not None
        assert other.daily.take(office.clock.now()) is None
