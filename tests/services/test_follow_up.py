"""Clocks ask for what was agreed: a task, a reminder, the manager; once each."""

from datetime import timedelta

import pytest
from redis import Redis

from adapters.ports import Crm, Outcome, OutcomeKind, Task
from connector.services.pausing import resume_process
from connector.store import Store
from connector.store.people import Person
from rules.model import AMOUNT, EvidenceKind, Kind
from tests.fakes.clock import FrozenClock
from tests.fakes.world import Door, Trouble
from tests.services.office import DAY, LEASE, Killed, Office

REP, MANAGER = "rep@example.com", "manager@example.com"
HOUR = timedelta(hours=1)

POLICY = """
version: 1
process: new-business
title: New business
sponsor: anna@example.com
connection: acme
pipeline: sales
since: 2020-01-01
locale: en
calendar: {timezone: Europe/Amsterdam}
enforcement: enforce
goals:
  follow-up: No deal is forgotten.
stages:
  lead:
  qualification:
  demo:
  quote_sent:
  negotiation:
  won:
  lost: {from: any}
follow_ups:
  call-new-deal:
    goal: follow-up
    starts: created
    while: open
    done_by: [call, meeting, task]
    task: "Call {name}"
    due: 24h
    ladder:
      - {after: 24h, remind: owner}
      - {after: 48h, escalate: manager}
"""


@pytest.fixture
def office(store: Store, clock: FrozenClock, redis: Redis) -> Office:
    return Office(store, clock, redis, POLICY)


def test_a_fresh_deal_gets_a_task_that_is_due_in_time(office: Office):
    deal = office.add_deal()
    office.run()
    [task] = office.world.tasks(deal)
    assert (task.subject, task.owner) == ("Call Acme", office.world.rep)
    assert task.at == office.clock.now() + DAY
    assert office.told() == []


def test_who_does_nothing_is_reminded_and_then_the_manager_hears_of_it(office: Office):
    deal = office.add_deal()
    office.run()
    office.run_after(DAY)
    assert office.told() == [(REP, "reminder")]
    office.run_after(DAY)
    assert office.told() == [(REP, "reminder"), (MANAGER, "escalation")]
    office.run_daily(10)
    assert len(office.told()) == 2
    assert len(office.world.tasks(deal)) == 1


def test_what_the_manager_leaves_lying_goes_to_the_next_in_line(office: Office):
    more = "".join(
        f"      - {{after: {hours}h, escalate: manager}}\n" for hours in (72, 96)
    )
    office.publish(POLICY + more)
    director = Person("dora@example.com", "Dora Director")
    marit = Person(MANAGER, "Marit Manager", manager=director.email)
    office.people.save([marit, director], author="anna")
    deal = office.add_deal()
    office.run()
    office.run_daily(4)
    assert [to for to, _ in office.told()] == [
        REP,
        MANAGER,
        director.email,
        director.email,
    ]
    first, higher, again = office.channel.sent[1:]
    assert "before" not in " ".join(first.lines)
    for message in (higher, again):
        assert "Slagboom has told Marit Manager before" in message.lines[1]
    office.world.link(deal, EvidenceKind.CALLS)
    office.look()
    office.run()
    assert [one.is_settled for one in office.channel.messages.values()] == [True] * 4


def test_nothing_is_asked_before_its_time_and_nothing_twice(office: Office):
    office.add_deal()
    office.run()
    assert office.run_after(23 * HOUR) == 0
    assert office.run_after(HOUR) == 1
    assert office.run() == 0
    assert len(office.told()) == 1


def test_a_clock_that_was_held_up_does_not_bring_all_its_messages_at_once(
    office: Office,
):
    office.add_deal()
    office.run_after(20 * DAY)
    assert office.told() == [(REP, "reminder")]
    office.run_after(HOUR)
    assert len(office.told()) == 1
    office.run_after(DAY)
    assert office.told() == [(REP, "reminder"), (MANAGER, "escalation")]


def test_a_call_settles_it_and_the_message_says_so(office: Office):
    deal = office.add_deal()
    office.run_after(DAY)
    [asked] = office.channel.subjects()
    office.clock.advance(HOUR)
    office.world.link(deal, EvidenceKind.CALLS)
    office.look()
    office.run()
    assert office.ended_why() == ["contact"]
    [settled] = office.channel.messages.values()
    assert settled.is_settled
    assert settled.subject != asked
    assert len(office.channel.sent) == 1
    office.run_daily(3)
    assert len(office.channel.sent) == 1


def test_a_call_that_nobody_heard_of_settles_it_by_the_next_day(office: Office):
    deal = office.add_deal()
    office.run_after(DAY)
    office.world.link(deal, EvidenceKind.CALLS, at=office.clock.now() + HOUR)
    office.run_after(2 * DAY)
    assert office.ended_why() == ["contact"]
    assert office.told() == [(REP, "reminder")]


def test_a_call_before_anybody_was_told_leaves_everybody_in_peace(office: Office):
    deal = office.add_deal()
    office.run()
    office.clock.advance(HOUR)
    office.world.link(deal, EvidenceKind.CALLS)
    office.run_daily(3)
    assert office.ended_why() == ["contact"]
    assert office.told() == []


def test_a_planned_call_stops_the_clock_until_it_is_past(office: Office):
    deal = office.add_deal()
    office.run()
    office.world.link(
        deal, EvidenceKind.MEETINGS, at=office.clock.now() + timedelta(days=2)
    )
    office.run_after(DAY)
    assert office.told() == []


def test_a_completed_task_settles_it_where_the_policy_says_so(office: Office):
    deal = office.add_deal()
    office.run()
    [task] = office.world.tasks(deal)
    office.world.complete_task(task.id)
    office.run_after(DAY)
    assert office.ended_why() == ["task"]
    assert office.told() == []


def test_an_edit_settles_nothing(office: Office):
    deal = office.add_deal()
    office.run()
    office.world.move(deal, office.world.stages(Kind.DEAL)[1])
    office.look()
    office.run_after(DAY)
    assert office.told() == [(REP, "reminder")]


@pytest.mark.parametrize("trouble", [Trouble.LOST, Trouble.DROPPED])
def test_a_task_is_made_once_whatever_became_of_the_answer(
    office: Office, trouble: Trouble
):
    deal = office.add_deal()
    office.world.trouble(Door.TASKS, trouble)
    office.run()
    office.run_after(HOUR)
    office.run_after(HOUR)
    assert len(office.world.tasks(deal)) == 1
    office.run_after(DAY)
    assert office.told() == [(REP, "reminder")]


def test_a_busy_crm_delays_the_task_and_harms_nothing(office: Office):
    deal = office.add_deal()
    office.world.trouble(Door.TASKS, Trouble.BUSY)
    office.run()
    office.run_after(HOUR)
    assert office.world.tasks(deal) == []
    office.world.recover()
    office.run_after(HOUR)
    assert len(office.world.tasks(deal)) == 1
    assert office.notices() == []


def test_an_account_that_cannot_be_read_is_nobodys_neglect(office: Office):
    office.add_deal()
    office.run()
    office.world.trouble(Door.READ, Trouble.BUSY)
    office.run_after(DAY)
    assert office.told() == []
    office.world.recover()
    office.run_after(HOUR)
    assert office.told() == [(REP, "reminder")]


def test_a_worker_killed_after_the_task_was_made_leaves_one_task(office: Office):
    deal = office.add_deal()
    office.crm = _Dying(office.world.crm)
    with pytest.raises(Killed):
        office.run()
    office.crm = office.world.crm
    assert office.run() == 0, "the dead worker's lease still holds"
    assert office.run_after(LEASE + timedelta(seconds=1)) == 1
    assert len(office.world.tasks(deal)) == 1


def test_two_workers_at_once_make_one_task_and_one_message(office: Office):
    deal = office.add_deal()
    office.clock.advance(DAY)
    office.crm = _Meanwhile(office.world.crm, lambda: office.follow_ups().run())
    office.run()
    assert len(office.world.tasks(deal)) == 1
    assert office.told() == [(REP, "reminder")]


def test_a_paused_account_stands_still(office: Office):
    deal = office.add_deal()
    office.set_paused(is_paused=True)
    office.run_daily(5)
    assert office.world.tasks(deal) == []
    assert office.told() == []
    office.set_paused(is_paused=False)
    office.run()
    assert office.told() == [], "nothing that stood still comes at once"
    assert office.world.tasks(deal) != []
    office.run_after(DAY)
    assert office.told() == [(REP, "reminder")]


def test_a_pause_puts_off_what_comes_by_its_length_and_leaves_the_task_due(
    office: Office,
):
    deal = office.add_deal()
    office.run()
    due_at = office.clock.now() + DAY
    office.run_after(DAY / 2)
    office.set_paused(is_paused=True)
    office.run_after(3 * DAY)
    office.set_paused(is_paused=False)
    office.run_after(DAY / 2 - HOUR)
    assert office.told() == []
    office.run_after(HOUR)
    assert office.told() == [(REP, "reminder")]
    office.run_after(DAY)
    assert office.told() == [(REP, "reminder"), (MANAGER, "escalation")]
    [task] = office.world.tasks(deal)
    assert task.at == due_at


def test_what_was_overdue_before_a_pause_does_not_come_all_at_once(office: Office):
    office.add_deal()
    office.clock.advance(10 * DAY)
    office.set_paused(is_paused=True)
    office.clock.advance(10 * DAY)
    office.set_paused(is_paused=False)
    office.run()
    assert office.told() == [(REP, "reminder")]
    office.run_after(DAY - HOUR)
    assert office.told() == [(REP, "reminder")]
    office.run_after(HOUR)
    assert office.told() == [(REP, "reminder"), (MANAGER, "escalation")]


def test_a_clock_that_starts_in_a_pause_stands_still_from_there(office: Office):
    office.set_paused(is_paused=True)
    office.clock.advance(5 * DAY)
    office.add_deal()
    office.clock.advance(2 * DAY)
    office.set_paused(is_paused=False)
    office.run_after(DAY - HOUR)
    assert office.told() == []
    office.run_after(HOUR)
    assert office.told() == [(REP, "reminder")]


def test_a_call_in_a_pause_counts(office: Office):
    deal = office.add_deal()
    office.set_paused(is_paused=True)
    office.clock.advance(DAY)
    office.world.link(deal, EvidenceKind.CALLS)
    office.clock.advance(DAY)
    office.set_paused(is_paused=False)
    office.run_after(5 * DAY)
    assert office.told() == []
    assert office.ended_why() == ["contact"]


def test_a_process_stands_still_by_itself_and_within_a_pause_of_all(office: Office):
    office.add_deal()
    [clock] = office.clocks()
    with office.store.begin() as tx:
        [version] = tx.processes.current(office.id)
        tx.processes.pause(version.process_id, now=office.clock.now())
    office.run_after(2 * DAY)
    office.set_paused(is_paused=True)
    office.clock.advance(3 * DAY)
    with office.store.begin() as tx:
        connection = tx.connections.get(office.id)
        now = office.clock.now()
        assert resume_process(tx, connection, version.process_id, now)
        assert not resume_process(tx, connection, version.process_id, now)
    office.clock.advance(4 * DAY)
    office.set_paused(is_paused=False)
    assert office.told() == []
    [later] = office.clocks()
    assert later.due_at - clock.due_at == 9 * DAY


def test_a_deal_that_is_gone_asks_for_nothing_more(office: Office):
    deal = office.add_deal()
    office.run_after(DAY)
    office.world.delete(deal)
    office.run_daily(3)
    assert office.ended_why() == ["gone"]
    assert office.told() == [(REP, "reminder")]
    [message] = office.channel.messages.values()
    assert message.is_settled


def test_a_closed_deal_asks_for_nothing_more(office: Office):
    deal = office.add_deal()
    office.run()
    office.world.move(deal, office.world.stages(Kind.DEAL)[-1])
    office.run_daily(3)
    assert office.ended_why() == ["closed"]
    assert office.told() == []


def test_a_policy_without_the_follow_up_ends_its_clocks(office: Office):
    office.add_deal()
    office.run()
    office.publish(POLICY.partition("follow_ups:")[0])
    office.run_daily(3)
    assert office.ended_why() == ["policy_changed"]
    assert office.told() == []


def test_a_task_that_the_crm_refuses_is_told_once_and_people_are_reminded(
    office: Office,
):
    office.add_deal()
    office.crm = refusing = _Refusing(office.world.crm)
    office.run()
    assert office.notices() == ["task_refused"]
    office.run_after(DAY)
    office.run_after(DAY)
    assert refusing.asked == 1
    assert office.told() == [(REP, "reminder"), (MANAGER, "escalation")]
    with office.store.begin() as tx:
        [notice] = tx.notices.open()
    assert notice.times == 1
    assert "no scope for tasks" in notice.message


def test_a_deal_without_an_owner_is_the_admins_matter(office: Office):
    deal = office.add_deal()
    office.world.assign(deal, None)
    office.run_after(DAY)
    assert office.told() == []
    assert office.notices() == ["nobody_to_tell"]


class _Through:
    """A CRM that does what another one does, unless a test says otherwise."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def __getattr__(self, name: str):
        return getattr(self._crm, name)


class _Dying(_Through):
    def create_tasks(self, tasks: list[Task]) -> None:
        self._crm.create_tasks(tasks)
        raise Killed


class _Meanwhile(_Through):
    """Something happens while the first tasks are being made."""

    def __init__(self, crm: Crm, happen) -> None:
        super().__init__(crm)
        self._happen = happen

    def create_tasks(self, tasks: list[Task]):
        happen, self._happen = self._happen, lambda: None
        happen()
        return self._crm.create_tasks(tasks)


class _Refusing(_Through):
    asked = 0

    def create_tasks(self, tasks: list[Task]) -> dict[str, Outcome]:
        self.asked += len(tasks)
        refused = Outcome(OutcomeKind.REFUSED, reason="no scope for tasks")
        return {task.key: refused for task in tasks}


def test_a_quote_settles_what_was_waiting_for_it(office: Office):
    waits = "done_when: 'quotes >= 1'\n    task:"
    office.publish(POLICY.replace("done_by: [call, meeting, task]\n    task:", waits))
    deal = office.add_deal()
    office.run_after(DAY)
    [task] = office.world.tasks(deal)
    assert "as soon as this is there: at least 1 quote." in task.html
    office.world.link(deal, EvidenceKind.QUOTES)
    office.look()
    office.run()
    assert office.ended_why() == ["condition"]
    [settled] = office.channel.messages.values()
    assert settled.is_settled
    assert "what was needed is there" in " ".join(settled.lines)


LANES = "lanes: {top: {when: 'amount >= 100000', factor: 0.5}}\n"


def test_a_dear_deal_is_followed_up_twice_as_fast(office: Office):
    office.publish(POLICY + LANES)
    deal = office.world.add_record(owner=office.world.rep, values={AMOUNT: 100_000.0})
    office.look()
    office.run()
    [task] = office.world.tasks(deal)
    assert task.at == office.clock.now() + DAY / 2
    office.run_after(DAY / 2)
    assert office.told() == [(REP, "reminder")]


def test_a_deal_that_becomes_dear_is_followed_up_faster_from_then_on(office: Office):
    office.publish(POLICY + LANES)
    deal = office.add_deal()
    office.run()
    office.run_after(DAY / 2)
    assert office.told() == []
    office.world.edit(deal, AMOUNT, 100_000.0)
    office.look()
    office.run()
    assert office.told() == [(REP, "reminder")]


UNPLANNED = (
    "  next-action:\n"
    "    goal: follow-up\n"
    "    starts: {no_next_action: 2d}\n"
    "    ladder: [{after: 0d, remind: owner}]\n"
)


def test_a_deal_without_a_next_step_reminds_its_owner_until_one_is_planned(
    office: Office,
):
    office.publish(POLICY.partition("  call-new-deal")[0] + UNPLANNED)
    deal = office.add_deal()
    office.world.link(deal, EvidenceKind.TASKS, at=office.clock.now() + 3 * DAY)
    office.run_daily(3)
    assert office.told() == []
    office.run_daily(2)
    assert office.told() == [(REP, "reminder")]
    [asked] = office.channel.messages.values()
    assert "Acme has no next step" in asked.lines[0]
    office.world.link(deal, EvidenceKind.TASKS, at=office.clock.now() + 9 * DAY)
    office.look()
    office.run()
    [settled] = office.channel.messages.values()
    assert settled.is_settled
    assert "a next step is planned" in " ".join(settled.lines)


def test_a_reminder_waits_for_the_end_of_quiet_hours(office: Office):
    # It is noon in UTC, and one o'clock in the afternoon in Amsterdam.
    rep = Person(REP, "Robin", timezone="Europe/Amsterdam", quiet="12:00-14:00")
    office.people.save([rep], author="anna")
    office.add_deal()
    office.run()
    office.run_after(DAY)
    assert office.told() == []
    office.run_after(HOUR)
    assert office.told() == [(REP, "reminder")]
