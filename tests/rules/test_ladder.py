from datetime import timedelta

import pytest

from rules.ladder import (
    LOOK_AGAIN,
    SETTLE_FIRST,
    ClockState,
    Done,
    DoneHow,
    Ended,
    EndedWhy,
    Take,
    Wait,
    next_step,
)
from rules.model import (
    NO_EVIDENCE,
    Enforcement,
    Evidence,
    EvidenceKind,
    Kind,
    PipelineId,
    RecordId,
    RecordRef,
    Tally,
)
from rules.policy import Calendar, Recipient, StartKind, Starts, StepKind
from rules.starts import (
    counted_evidence,
    idle_start,
    is_fulfilled,
    starts,
    watched_evidence,
)
from tests.builders import (
    LONG_AGO,
    NOW,
    a_change,
    a_condition,
    a_duration,
    a_follow_up,
    a_policy,
    a_record,
    stage_id,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CREATED = a_follow_up()
ENTERS = a_follow_up(
    "call-after-quote", starts=Starts(StartKind.ENTERS, stage=stage_id("quote_sent"))
)
IDLE = a_follow_up(
    "idle",
    starts=Starts(StartKind.IDLE, idle=a_duration("7d")),
    done_by=(),
    task=None,
    due=None,
)
IDLE_WITH_TASK = a_follow_up("idle", starts=IDLE.starts, done_by=())


def contact(*, last_at=None, next_at=None, kind=EvidenceKind.CALLS) -> Evidence:
    return Evidence({kind: Tally(1, last_at=last_at, next_at=next_at)})


def stepped(follow_up, clock, *, now, evidence=NO_EVIDENCE, **changes):
    facts = {"record": a_record("lead"), "is_open": True, "is_task_completed": False}
    return next_step(
        follow_up,
        clock,
        evidence=evidence,
        now=now,
        calendar=Calendar(),
        **(facts | changes),
    )


# Starts


def test_a_new_record_starts_its_clock_at_its_creation():
    record = a_record("lead", created_at=NOW - HOUR)
    change = a_change(None, record, is_new=True)
    (start,) = starts(a_policy(follow_ups=(CREATED,)), change, record, NOW)
    assert start.started_at == NOW - HOUR
    assert start.task_due_at == NOW + 23 * HOUR
    assert start.next_at == NOW


def test_a_clock_without_a_task_wants_attention_at_its_first_step():
    record = a_record("lead", created_at=NOW)
    follow_up = a_follow_up(task=None, due=None)
    change = a_change(None, record, is_new=True)
    (start,) = starts(a_policy(follow_ups=(follow_up,)), change, record, NOW)
    assert start.task_due_at is None
    assert start.next_at == NOW + DAY


def test_a_task_is_never_due_in_the_past():
    record = a_record("lead", created_at=NOW - 9 * DAY)
    change = a_change(None, record, is_new=True)
    (start,) = starts(a_policy(follow_ups=(CREATED,)), change, record, NOW)
    assert start.task_due_at == NOW
    assert start.next_at == NOW


def test_the_first_look_at_an_old_record_starts_no_clock():
    policy = a_policy(follow_ups=(CREATED, ENTERS))
    record = a_record("quote_sent")
    assert starts(policy, a_change(None, record), record, NOW) == ()


def test_entering_the_stage_starts_a_clock():
    policy = a_policy(follow_ups=(ENTERS, CREATED))
    record = a_record("quote_sent", modified_at=NOW - HOUR)
    (start,) = starts(policy, a_change("demo", record), record, NOW)
    assert start.follow_up == ENTERS
    assert start.started_at == NOW - HOUR


def test_a_record_that_was_returned_entered_nothing():
    policy = a_policy(follow_ups=(ENTERS,))
    change = a_change("demo", "quote_sent")
    assert starts(policy, change, a_record("demo"), NOW) == ()


def test_an_edit_in_the_stage_starts_nothing():
    policy = a_policy(follow_ups=(ENTERS,))
    record = a_record("quote_sent", fields={"amount": 4.0})
    assert starts(policy, a_change("quote_sent", record), record, NOW) == ()


def test_a_record_born_in_the_stage_enters_it():
    policy = a_policy(follow_ups=(ENTERS,))
    record = a_record("quote_sent", created_at=NOW)
    change = a_change(None, record, is_new=True)
    assert len(starts(policy, change, record, NOW)) == 1


def test_a_closed_record_starts_no_clock_that_runs_while_open():
    follow_up = a_follow_up(starts=Starts(StartKind.ENTERS, stage=stage_id("won")))
    record = a_record("won")
    policy = a_policy(follow_ups=(follow_up,))
    assert starts(policy, a_change("negotiation", record), record, NOW) == ()


def test_a_follow_up_watches_its_own_kind_whatever_the_policys_pipeline():
    follow_up = a_follow_up(kind=Kind.LEAD)
    policy = a_policy(follow_ups=(follow_up,))
    lead = a_record(
        "x",
        ref=RecordRef(Kind.LEAD, RecordId("9")),
        pipeline=PipelineId("leads"),
        created_at=NOW,
    )
    assert len(starts(policy, a_change(None, lead, is_new=True), lead, NOW)) == 1
    deal = a_record("lead", created_at=NOW)
    assert starts(policy, a_change(None, deal, is_new=True), deal, NOW) == ()


def test_a_record_of_another_pipeline_is_not_followed():
    record = a_record("lead", pipeline=PipelineId("service"), created_at=NOW)
    change = a_change(None, record, is_new=True)
    assert starts(a_policy(follow_ups=(CREATED,)), change, record, NOW) == ()


def test_a_record_that_the_policy_leaves_alone_is_not_followed():
    policy = a_policy(follow_ups=(CREATED,), governs=a_condition("amount < 1000"))
    for amount, clocks in ((5000.0, 0), (500.0, 1), (None, 1)):
        record = a_record("lead", fields={"amount": amount}, created_at=NOW)
        change = a_change(None, record, is_new=True)
        assert len(starts(policy, change, record, NOW)) == clocks


@pytest.mark.parametrize("power", [Enforcement.OFF, Enforcement.OBSERVE])
def test_what_may_tell_nobody_runs_no_clock(power):
    record = a_record("lead", created_at=NOW)
    follow_up = a_follow_up(enforcement=power)
    change = a_change(None, record, is_new=True)
    assert starts(a_policy(follow_ups=(follow_up,)), change, record, NOW) == ()


# Idle


def test_idle_counts_from_the_last_real_contact():
    start = idle_start(
        a_policy(),
        IDLE,
        a_record("demo"),
        evidence=contact(last_at=NOW - 2 * DAY),
        entered_at=NOW - 5 * DAY,
        now=NOW,
    )
    assert start is not None
    assert start.started_at == NOW - 2 * DAY
    assert start.next_at == NOW + 6 * DAY


@pytest.mark.parametrize(
    ("entered_at", "started_at"), [(NOW - 5 * DAY, NOW - 5 * DAY), (None, LONG_AGO)]
)
def test_without_contact_idle_counts_from_entry_or_creation(entered_at, started_at):
    start = idle_start(
        a_policy(),
        IDLE,
        a_record("demo"),
        evidence=NO_EVIDENCE,
        entered_at=entered_at,
        now=NOW,
    )
    assert start is not None
    assert start.started_at == started_at


def test_an_idle_clock_overdue_at_birth_starts_at_its_first_step_now():
    policy = a_policy()
    start = idle_start(
        policy,
        IDLE,
        a_record("demo"),
        evidence=NO_EVIDENCE,
        entered_at=None,
        now=NOW,
    )
    assert start is not None
    assert start.next_at == NOW
    clock = ClockState(start.started_at)
    first = stepped(IDLE, clock, now=NOW)
    assert isinstance(first, Take)
    assert first.index == 0
    assert first.then_at == NOW + DAY
    told = ClockState(start.started_at, 1, last_step_at=NOW)
    assert stepped(IDLE, told, now=NOW + HOUR) == Wait(NOW + DAY)


def test_an_idle_clock_with_a_task_first_wants_attention_when_idle_is_reached():
    start = idle_start(
        a_policy(),
        IDLE_WITH_TASK,
        a_record("demo"),
        evidence=contact(last_at=NOW),
        entered_at=None,
        now=NOW,
    )
    assert start is not None
    assert start.next_at == NOW + 7 * DAY
    assert start.task_due_at == NOW + 8 * DAY
    clock = ClockState(start.started_at)
    early = stepped(IDLE_WITH_TASK, clock, now=NOW + DAY)
    assert early == Wait(NOW + 7 * DAY)
    reached = stepped(IDLE_WITH_TASK, clock, now=NOW + 7 * DAY)
    assert reached == Wait(NOW + 8 * DAY, needs_task=True)


def test_a_closed_record_lies_not_idle():
    start = idle_start(
        a_policy(),
        IDLE,
        a_record("won"),
        evidence=NO_EVIDENCE,
        entered_at=None,
        now=NOW,
    )
    assert start is None


def test_contact_before_anybody_was_told_just_moves_an_idle_clock():
    clock = ClockState(NOW - 8 * DAY)
    evidence = contact(last_at=NOW - DAY)
    assert stepped(IDLE, clock, now=NOW, evidence=evidence) == Wait(NOW + 7 * DAY)


def test_contact_after_a_reminder_settles_it_and_starts_again():
    clock = ClockState(NOW - 9 * DAY, steps_taken=1)
    evidence = contact(last_at=NOW - HOUR)
    done = stepped(IDLE, clock, now=NOW, evidence=evidence)
    assert isinstance(done, Done)
    assert done.how is DoneHow.CONTACT
    assert done.again is not None
    assert done.again.started_at == NOW - HOUR


# Steps


def test_the_ladder_is_climbed_step_by_step():
    clock = ClockState(NOW, has_task=True)
    assert stepped(CREATED, clock, now=NOW + HOUR) == Wait(NOW + DAY)
    first = stepped(CREATED, clock, now=NOW + DAY)
    assert isinstance(first, Take)
    assert (first.index, first.step.kind) == (0, StepKind.REMIND)
    assert first.then_at == NOW + 2 * DAY
    clock = ClockState(NOW, 1, last_step_at=NOW + DAY, has_task=True)
    second = stepped(CREATED, clock, now=NOW + 2 * DAY)
    assert isinstance(second, Take)
    assert (second.index, second.step.to) == (1, Recipient.MANAGER)
    assert second.then_at == NOW + 2 * DAY + SETTLE_FIRST


def test_after_the_last_step_the_looks_grow_rarer_up_to_a_day():
    clock = ClockState(NOW, 2, last_step_at=NOW, has_task=True)
    now = NOW + SETTLE_FIRST
    waits = []
    for _ in range(16):
        wait = stepped(CREATED, clock, now=now)
        assert isinstance(wait, Wait)
        waits.append(wait.until - now)
        now = wait.until
    assert waits[0] == SETTLE_FIRST
    assert waits == sorted(waits)
    assert waits[-1] == DAY


def test_steps_that_came_late_keep_their_distance():
    clock = ClockState(NOW - 30 * DAY, 1, last_step_at=NOW, has_task=True)
    assert stepped(CREATED, clock, now=NOW + HOUR) == Wait(NOW + DAY)


def test_a_clock_says_that_its_task_is_missing():
    waiting = stepped(CREATED, ClockState(NOW), now=NOW)
    assert waiting == Wait(NOW + DAY, needs_task=True)
    taken = stepped(CREATED, ClockState(NOW), now=NOW + DAY)
    assert isinstance(taken, Take)
    assert taken.needs_task


@pytest.mark.parametrize("kind", [EvidenceKind.CALLS, EvidenceKind.MEETINGS])
def test_contact_after_the_start_settles_the_matter(kind):
    evidence = contact(last_at=NOW + HOUR, kind=kind)
    assert stepped(CREATED, ClockState(NOW), now=NOW + DAY, evidence=evidence) == Done(
        DoneHow.CONTACT
    )


def test_contact_in_the_very_second_of_the_start_settles_it_unless_it_is_the_start():
    evidence = contact(last_at=NOW)
    done = stepped(CREATED, ClockState(NOW), now=NOW + DAY, evidence=evidence)
    assert done == Done(DoneHow.CONTACT)
    idle = ClockState(NOW, steps_taken=1)
    found = stepped(IDLE, idle, now=NOW + 9 * DAY, evidence=evidence)
    assert not isinstance(found, Done)


@pytest.mark.parametrize(
    "evidence",
    [
        contact(last_at=NOW - timedelta(seconds=1)),
        contact(last_at=NOW + HOUR, kind=EvidenceKind.EMAILS),
        contact(last_at=NOW + HOUR, kind=EvidenceKind.QUOTES),
    ],
    ids=["before the start", "an e-mail", "a quote"],
)
def test_anything_else_settles_nothing(evidence):
    found = stepped(CREATED, ClockState(NOW), now=NOW + DAY, evidence=evidence)
    assert isinstance(found, Take)


def test_a_planned_activity_stops_the_clock_until_it_is_past():
    now = NOW + DAY
    evidence = contact(next_at=now + 3 * HOUR)
    found = stepped(CREATED, ClockState(NOW), now=now, evidence=evidence)
    assert found == Wait(now + 3 * HOUR)
    far = contact(next_at=now + 300 * DAY)
    found = stepped(CREATED, ClockState(NOW), now=now, evidence=far)
    assert found == Wait(now + LOOK_AGAIN)


def test_a_completed_task_settles_only_what_the_policy_says():
    clock = ClockState(NOW, has_task=True)
    by_task = a_follow_up(is_done_by_task=True)
    now = NOW + DAY
    assert stepped(by_task, clock, now=now, is_task_completed=True) == Done(
        DoneHow.TASK
    )
    assert isinstance(stepped(CREATED, clock, now=now, is_task_completed=True), Take)


@pytest.mark.parametrize(
    ("follow_up", "changes", "why"),
    [
        (CREATED, {"record": None}, EndedWhy.GONE),
        (CREATED, {"is_open": False}, EndedWhy.CLOSED),
        (ENTERS, {"record": a_record("negotiation")}, EndedWhy.MOVED_ON),
    ],
    ids=["gone", "closed", "moved on"],
)
def test_a_clock_ends_when_there_is_nothing_left_to_follow(follow_up, changes, why):
    assert stepped(follow_up, ClockState(NOW), now=NOW + DAY, **changes) == Ended(why)


def test_a_clock_that_runs_on_after_closing_does_so():
    follow_up = a_follow_up(while_open=False)
    found = stepped(follow_up, ClockState(NOW), now=NOW + DAY, is_open=False)
    assert isinstance(found, Take)


# A condition of its own


QUOTE = a_follow_up("quote", done_by=(), done_when=a_condition("quotes >= 1"))


def test_a_condition_that_has_become_true_settles_the_matter():
    clock = ClockState(NOW, steps_taken=1, last_step_at=NOW + DAY, has_task=True)
    found = stepped(QUOTE, clock, now=NOW + DAY, is_fulfilled=True)
    assert found == Done(DoneHow.CONDITION)
    assert isinstance(stepped(QUOTE, ClockState(NOW), now=NOW + DAY), Take)


def test_what_the_condition_reads_is_asked_for_and_is_no_contact():
    assert watched_evidence(QUOTE) == {EvidenceKind.QUOTES}
    assert watched_evidence(CREATED) == counted_evidence(CREATED)
    made = contact(last_at=NOW + HOUR, kind=EvidenceKind.QUOTES)
    assert is_fulfilled(a_policy(), QUOTE, a_record(), made, NOW + DAY)
    assert not is_fulfilled(a_policy(), QUOTE, a_record(), NO_EVIDENCE, NOW + DAY)
    assert not is_fulfilled(a_policy(), CREATED, a_record(), made, NOW + DAY)


# No next action


UNPLANNED = a_follow_up(
    "next-action",
    starts=Starts(StartKind.IDLE, idle=a_duration("2d"), asks_for_plan=True),
    done_by=(),
    task=None,
    due=None,
)


def test_a_planned_task_is_a_next_step_and_a_call_is_too():
    clock = ClockState(NOW - 9 * DAY)
    for kind in (EvidenceKind.TASKS, EvidenceKind.CALLS, EvidenceKind.MEETINGS):
        planned = contact(next_at=NOW + HOUR, kind=kind)
        assert stepped(UNPLANNED, clock, now=NOW, evidence=planned) == Wait(NOW + HOUR)
    assert isinstance(stepped(UNPLANNED, clock, now=NOW), Take)


def test_who_was_reminded_settles_it_by_planning_something():
    clock = ClockState(NOW - 9 * DAY, steps_taken=1, last_step_at=NOW)
    planned = contact(next_at=NOW + DAY, kind=EvidenceKind.TASKS)
    found = stepped(UNPLANNED, clock, now=NOW, evidence=planned)
    assert isinstance(found, Done)
    assert found.how is DoneHow.PLANNED
    assert found.again is not None
    assert found.again.started_at == NOW + DAY


# Parked


def test_who_is_parked_is_left_alone_until_then_and_then_hears_again():
    clock = ClockState(NOW)
    parked = {"parked_until": NOW + 9 * DAY}
    assert stepped(CREATED, clock, now=NOW + DAY, **parked) == Wait(NOW + 9 * DAY)
    found = stepped(CREATED, clock, now=NOW + 9 * DAY, **parked)
    assert isinstance(found, Take)
    assert found.index == 0


def test_who_has_seen_it_is_left_alone_for_a_while_and_then_hears_again():
    clock = ClockState(NOW, steps_taken=1, last_step_at=NOW + DAY)
    seen = {"seen_until": NOW + 4 * DAY}
    assert stepped(CREATED, clock, now=NOW + 2 * DAY, **seen) == Wait(NOW + 4 * DAY)
    found = stepped(CREATED, clock, now=NOW + 4 * DAY, **seen)
    assert isinstance(found, Take)
    assert found.index == 1


@pytest.mark.parametrize("kind", ["parked_until", "seen_until"])
def test_the_later_of_parked_and_seen_counts(kind):
    rests = {"parked_until": NOW + 2 * DAY, "seen_until": NOW + 2 * DAY}
    rests[kind] = NOW + 3 * DAY
    found = stepped(CREATED, ClockState(NOW), now=NOW + DAY, **rests)
    assert found == Wait(NOW + 3 * DAY)


def test_contact_settles_a_parked_matter_all_the_same():
    called = contact(last_at=NOW + HOUR)
    found = stepped(
        CREATED,
        ClockState(NOW),
        now=NOW + DAY,
        evidence=called,
        parked_until=NOW + 9 * DAY,
    )
    assert found == Done(DoneHow.CONTACT)
