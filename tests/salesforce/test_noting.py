from datetime import UTC, datetime, timedelta

import pytest

from adapters.errors import Forbidden
from adapters.marks import find_marks, to_mark
from adapters.ports import Crm, Note, OutcomeKind, Task
from rules.model import Kind, OwnerId, RecordRef
from tests.hubspot.kit import Requests
from tests.salesforce.kit import Ahead, ref, rows, seed, seed_many, stored
from tests.sandbox.kit import MANAGER, REP, Control

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HTML = "<p>Back, since <b>a quote</b> is missing.<br>Add it.</p><ul><li>Quote</li></ul>"


@pytest.fixture
def deal(control: Control) -> RecordRef:
    return ref(seed(control))


def user(control: Control, email: str) -> OwnerId:
    return OwnerId(control.get("salesforce/org")["users"][email])


def note(on: RecordRef, key: str = "n1", html: str = HTML) -> Note:
    return Note(key=key, on=on, at=NOON, html=html)


def task(on: RecordRef, key: str = "t1", **other: object) -> Task:
    words = {"subject": "Call Acme", "html": "<p>Call.</p>", "due_at": NOON}
    return Task(**({"key": key, "on": on} | words | other))


def test_a_note_is_a_post_in_the_records_feed(
    crm: Crm, control: Control, deal: RecordRef
):
    outcome = crm.write_notes([note(deal)])["n1"]
    [post] = rows(control, "FeedItem", deal.id)
    assert post["Id"] == outcome.external_id
    assert post["IsRichText"] is True
    # Rich text has no line break: each line is a paragraph.
    assert post["Body"].startswith(
        "<p>Back, since <b>a quote</b> is missing.</p><p>Add it.</p>"
    )
    assert rows(control, "Task", deal.id) == []


def test_without_a_feed_a_note_is_a_task_that_is_done(
    crm: Crm, control: Control, deal: RecordRef
):
    control.post("salesforce/settings", feeds_enabled=False)
    outcome = crm.write_notes([note(deal)])["n1"]
    [done] = rows(control, "Task", deal.id)
    assert done["Id"] == outcome.external_id
    assert done["IsClosed"] is True
    assert done["Subject"] == "Back, since a quote is missing."
    assert done["Description"].startswith(
        "Back, since a quote is missing.\nAdd it.\n- Quote"
    )
    assert done["ActivityDate"] == "2026-12-01"
    assert crm.find_notes({"n1": deal}) == {"n1": done["Id"]}
    assert crm.find_tasks({"n1": deal}) == {}


def test_who_may_not_post_explains_in_a_task(
    crm: Crm, control: Control, deal: RecordRef
):
    control.post("salesforce/objects/access", object="FeedItem", access="read")
    assert crm.write_notes([note(deal)])["n1"].kind is OutcomeKind.DONE
    assert rows(control, "FeedItem", deal.id) == []
    assert len(rows(control, "Task", deal.id)) == 1


def test_a_status_has_the_name_that_the_organisation_gave_it(
    crm: Crm, control: Control, deal: RecordRef
):
    control.post(
        "salesforce/seed",
        settings={"feeds_enabled": False},
        task_statuses={"Niet doen": True, "Open": False, "Afgerond": True},
    )
    crm.write_notes([note(deal)])
    crm.create_tasks([task(deal)])
    found = {one["Subject"]: one["Status"] for one in rows(control, "Task", deal.id)}
    assert found == {
        "Back, since a quote is missing.": "Niet doen",
        "Call Acme": "Open",
    }


def test_a_task_is_due_on_its_owners_day_and_reminds_at_the_hour(
    crm: Crm, control: Control, deal: RecordRef
):
    control.post("users", users=[{"email": REP, "time_zone": "America/Los_Angeles"}])
    owner = user(control, REP)
    late = NOON.replace(hour=3)
    crm.create_tasks([task(deal, due_at=late, owner=owner, is_urgent=True)])
    [made] = rows(control, "Task", deal.id)
    assert made["ActivityDate"] == "2026-11-30"
    assert datetime.fromisoformat(made["ReminderDateTime"]) == late
    assert made["IsReminderSet"] is True
    assert (made["OwnerId"], made["Priority"]) == (owner, "High")
    assert made["IsClosed"] is False


def test_what_is_too_long_is_cut(crm: Crm, control: Control, deal: RecordRef):
    crm.create_tasks([task(deal, subject="x" * 300)])
    [made] = rows(control, "Task", deal.id)
    assert len(made["Subject"]) == 255
    assert made["Subject"].endswith("…")


@pytest.mark.parametrize("has_superior", [True, False])
def test_a_task_for_somebody_who_left_goes_to_the_superior_or_stays_ours(
    crm: Crm, control: Control, deal: RecordRef, *, has_superior: bool
):
    gone = {"email": "gone@example.com", "is_active": False}
    if has_superior:
        gone["manager"] = MANAGER
    control.post("salesforce/seed", users=[gone])
    left = user(control, "gone@example.com")
    tasks = [task(deal, "t1", owner=left), task(deal, "t2", owner=user(control, REP))]
    outcomes = crm.create_tasks(tasks)
    assert {one.kind for one in outcomes.values()} == {OutcomeKind.DONE}
    found = stored(control, outcomes["t1"].external_id)
    ours = user(control, "integration@acme.sandbox")
    assert found["OwnerId"] == (user(control, MANAGER) if has_superior else ours)
    assert crm.find_tasks({"t1": deal, "t2": deal}) == {
        key: outcome.external_id for key, outcome in outcomes.items()
    }


@pytest.mark.parametrize(
    "category", ["OP_WITH_INVALID_USER_TYPE_EXCEPTION", "INACTIVE_OWNER_OR_USER"]
)
def test_a_task_for_a_queue_that_takes_none_stays_ours(
    crm: Crm, control: Control, deal: RecordRef, category: str
):
    queues = control.post("salesforce/seed", queues=["Leads"])["queues"]
    control.post(
        "faults", kind="partial", path="/composite/sobjects$", category=category
    )
    owned = task(deal, owner=OwnerId(queues["Leads"]))
    made = stored(control, crm.create_tasks([owned])["t1"].external_id)
    assert made["OwnerId"] == user(control, "integration@acme.sandbox")


def test_three_hundred_notes_and_tasks_are_two_requests_each(
    crm: Crm, control: Control, requests: Requests
):
    refs = seed_many(control, 300)
    crm.write_notes([note(refs[0], "first")])
    crm.create_tasks([task(refs[0], "first")])
    requests.clear()
    notes = crm.write_notes([note(one, one.id) for one in refs])
    tasks = crm.create_tasks([task(one, one.id) for one in refs])
    assert requests.operations() == [
        *["FeedItem.collection.create"] * 2,
        *["Task.collection.create"] * 2,
    ]
    for outcomes in (notes, tasks):
        assert {one.kind for one in outcomes.values()} == {OutcomeKind.DONE}


def test_each_row_of_an_answered_batch_ends_in_its_own_way(
    crm: Crm, control: Control, deal: RecordRef
):
    locked = ref(seed(control))
    control.post("faults", kind="partial", path="/composite/sobjects", rows=[1])
    outcomes = crm.create_tasks([task(deal, "good"), task(locked, "locked")])
    assert outcomes["good"].kind is OutcomeKind.DONE
    assert outcomes["locked"].kind is OutcomeKind.FAILED
    assert "UNABLE_TO_LOCK_ROW" in outcomes["locked"].reason


@pytest.mark.parametrize(
    ("times", "kind"), [(1, OutcomeKind.DONE), (2, OutcomeKind.REFUSED)]
)
def test_a_row_that_automation_broke_is_tried_once_more_and_the_others_are_not(
    crm: Crm, control: Control, deal: RecordRef, times: int, kind: OutcomeKind
):
    other = ref(seed(control))
    broken = {"kind": "partial", "category": "CANNOT_EXECUTE_FLOW_TRIGGER"}
    path = "/composite/sobjects$"
    control.post("faults", **broken, path=path, rows=[1])
    if times > 1:
        control.post("faults", **broken, path=path)
    outcomes = crm.create_tasks([task(deal, "good"), task(other, "broken")])
    assert outcomes["good"].kind is OutcomeKind.DONE
    assert outcomes["broken"].kind is kind
    assert len(rows(control, "Task", deal.id)) == 1
    assert len(rows(control, "Task", other.id)) == (kind is OutcomeKind.DONE)


def test_an_answer_with_too_few_rows_leaves_all_unknown(
    crm: Crm, control: Control, deal: RecordRef
):
    crm.find_notes({"n1": deal})
    control.post(
        "faults", kind="status", status=200, path="/composite/sobjects$", body=[]
    )
    outcomes = crm.write_notes([note(deal, "a"), note(deal, "b")])
    assert {one.kind for one in outcomes.values()} == {OutcomeKind.UNKNOWN}


def test_a_batch_that_never_arrived_does_not_hide_the_one_before(
    crm: Crm, control: Control
):
    refs = seed_many(control, 201)
    crm.find_notes({"n1": refs[0]})
    control.post("faults", kind="drop", path="/composite/sobjects$", skip=1)
    outcomes = crm.write_notes([note(one, one.id) for one in refs])
    kinds = [outcomes[one.id].kind for one in refs]
    assert kinds == [OutcomeKind.DONE] * 200 + [OutcomeKind.UNKNOWN]


def test_a_right_to_make_tasks_that_is_missing_is_named(
    crm: Crm, control: Control, deal: RecordRef
):
    control.post("salesforce/objects/access", object="Task", access="read")
    with pytest.raises(Forbidden) as refused:
        crm.create_tasks([task(deal)])
    assert refused.value.missing == ("Create on Task",)


def test_a_right_that_is_taken_away_meanwhile_hides_nothing(crm: Crm, control: Control):
    refs = seed_many(control, 201)
    crm.create_tasks([task(refs[0], "first")])
    control.post(
        "faults",
        kind="partial",
        path="/composite/sobjects$",
        skip=1,
        category="CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        message="entity type cannot be inserted: Task",
    )
    outcomes = crm.create_tasks([task(one, one.id) for one in refs])
    kinds = [outcomes[one.id].kind for one in refs]
    assert kinds == [OutcomeKind.DONE] * 200 + [OutcomeKind.FAILED]


@pytest.mark.parametrize("has_feeds", [True, False])
def test_the_key_is_in_the_text_and_not_to_be_seen(
    crm: Crm, control: Control, deal: RecordRef, *, has_feeds: bool
):
    control.post("salesforce/settings", feeds_enabled=has_feeds)
    crm.write_notes([note(deal, html="<p>Back.</p>")])
    name, field = ("FeedItem", "Body") if has_feeds else ("Task", "Description")
    [made] = rows(control, name, deal.id)
    assert find_marks(made[field]) == {to_mark("note n1")}
    assert "n1" not in made[field]


def test_notes_are_found_among_many_by_query_and_in_few_requests(
    crm: Crm, control: Control, requests: Requests
):
    refs = seed_many(control, 500)
    keys = {one.id: one for one in refs}
    crm.write_notes([note(one, key) for key, one in keys.items()])
    requests.clear()
    assert set(crm.find_notes(keys)) == set(keys)
    assert requests.operations() == ["query", "query"]


def test_a_task_that_hangs_on_an_account_or_a_person_is_found(
    crm: Crm, control: Control
):
    refs = {
        "lead": ref(seed(control, "Lead"), Kind.LEAD),
        "contact": ref(seed(control, "Contact"), Kind.CONTACT),
        "account": ref(seed(control, "Account"), Kind.COMPANY),
    }
    crm.create_tasks([task(one, key) for key, one in refs.items()])
    assert set(crm.find_tasks(refs)) == set(refs)


def test_a_completed_task_is_known_by_ids_of_either_form(
    crm: Crm, control: Control, deal: RecordRef, ahead: Ahead
):
    made = crm.create_tasks([task(deal)])["t1"].external_id
    control.post("salesforce/complete", id=made, user=REP)
    ahead.advance(timedelta(seconds=1))
    assert crm.completed_tasks([made[:15], "strange", ""]) == {made[:15]}
