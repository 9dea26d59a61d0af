from datetime import UTC, datetime, timedelta

import pytest

from adapters.ports import Crm
from rules.model import EvidenceKind, Kind, RecordRef, Tally
from tests.hubspot.kit import Requests
from tests.salesforce.kit import ref, seed, seed_many
from tests.sandbox.kit import REP, Control

ALL = frozenset(EvidenceKind)
DAY = timedelta(days=1)


@pytest.fixture
def deal(control: Control) -> RecordRef:
    return ref(seed(control, at="-30d"))


@pytest.fixture
def now(control: Control) -> datetime:
    found = datetime.fromtimestamp(control.get("clock")["now_ms"] / 1000, UTC)
    return found.replace(microsecond=0)


def log(control: Control, on: RecordRef, kind: str, **fields: object) -> str:
    at = fields.pop("at", "-1d")
    made = control.post(
        "salesforce/log", kind=kind, on=on.id, at=at, user=REP, fields=fields
    )
    return str(made["id"])


def tally(crm: Crm, on: RecordRef, kind: EvidenceKind, now: datetime) -> Tally:
    return crm.evidence([on], frozenset({kind}), now)[on].tallies[kind]


def test_a_call_that_was_noted_days_later_was_on_its_own_day(
    crm: Crm, control: Control, deal: RecordRef, now: datetime
):
    day = (now - 10 * DAY).date()
    log(control, deal, "call", ActivityDate=day.isoformat())
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert tally(crm, deal, EvidenceKind.CALLS, now) == Tally(1, noon, None)


def test_a_call_that_is_planned_lies_ahead_until_its_day_is_over(
    crm: Crm, control: Control, deal: RecordRef, now: datetime
):
    today = now.date()
    log(control, deal, "call", Status="Not Started", ActivityDate=today.isoformat())
    midnight = datetime(today.year, today.month, today.day, tzinfo=UTC) + DAY
    assert tally(crm, deal, EvidenceKind.CALLS, now) == Tally(1, None, midnight)
    assert tally(crm, deal, EvidenceKind.CALLS, midnight) == Tally()


def test_a_task_is_no_call(crm: Crm, control: Control, deal: RecordRef, now: datetime):
    log(control, deal, "task", Status="Completed")
    log(control, deal, "post")
    assert crm.evidence([deal], ALL, now)[deal].tallies == dict.fromkeys(ALL, Tally())


def test_a_call_may_be_one_by_its_type_alone(
    crm: Crm, control: Control, deal: RecordRef, now: datetime
):
    since = now - DAY
    log(control, deal, "task", Type="Call", Status="Completed")
    log(control, deal, "task", Type="Other", Status="Completed")
    assert tally(crm, deal, EvidenceKind.CALLS, now).count == 1
    calls = frozenset({EvidenceKind.CALLS})
    assert list(crm.touched(Kind.DEAL, calls, since=since)) == [[deal]]


def test_a_type_that_an_organisation_hides_is_not_asked_for(
    crm: Crm, control: Control, deal: RecordRef, now: datetime
):
    log(control, deal, "call")
    log(control, deal, "task", Type="Call", Status="Completed")
    control.post("salesforce/fields", object="Task", field="Type", access="none")
    assert tally(crm, deal, EvidenceKind.CALLS, now).count == 1


def test_an_email_that_is_a_message_and_a_task_counts_once(
    crm: Crm, control: Control, deal: RecordRef, now: datetime
):
    task = log(control, deal, "task", TaskSubtype="Email", Status="Completed")
    log(control, deal, "email", ActivityId=task)
    assert tally(crm, deal, EvidenceKind.EMAILS, now).count == 1
    log(control, deal, "task", TaskSubtype="Email", Status="Completed")
    assert tally(crm, deal, EvidenceKind.EMAILS, now).count == 2


@pytest.mark.parametrize(
    "fields", [{"Status": "5"}, {"IsBounced": True}], ids=["draft", "bounced"]
)
def test_an_email_that_nobody_got_does_not_count(
    crm: Crm,
    control: Control,
    deal: RecordRef,
    now: datetime,
    fields: dict[str, object],
):
    log(control, deal, "email", **fields)
    assert tally(crm, deal, EvidenceKind.EMAILS, now) == Tally()


def test_what_an_organisation_does_not_tell_of_messages_is_not_asked_for(
    crm: Crm, control: Control, deal: RecordRef, now: datetime
):
    log(control, deal, "email")
    control.post(
        "salesforce/fields", object="EmailMessage", field="IsBounced", access="none"
    )
    assert tally(crm, deal, EvidenceKind.EMAILS, now).count == 1


def test_an_email_to_a_person_is_a_task_on_that_person(
    crm: Crm, control: Control, now: datetime
):
    lead = ref(seed(control, "Lead"), Kind.LEAD)
    log(control, lead, "task", TaskSubtype="Email", Status="Completed")
    assert tally(crm, lead, EvidenceKind.EMAILS_SENT, now).count == 1


def test_an_invitation_is_one_meeting_however_many_were_invited(
    crm: Crm, control: Control, deal: RecordRef, now: datetime
):
    log(control, deal, "meeting")
    log(control, deal, "meeting", IsChild=True)
    assert tally(crm, deal, EvidenceKind.MEETINGS, now).count == 1


@pytest.mark.parametrize(
    ("status", "count"),
    [
        ("Draft", 0),
        ("Needs Review", 0),
        ("In Review", 0),
        ("Rejected", 0),
        ("Approved", 1),
        ("Presented", 1),
        ("Accepted", 1),
        ("Denied", 1),
    ],
)
def test_a_quote_counts_once_the_customer_may_have_it(
    crm: Crm,
    control: Control,
    deal: RecordRef,
    now: datetime,
    *,
    status: str,
    count: int,
):
    log(control, deal, "quote", Status=status)
    assert tally(crm, deal, EvidenceKind.QUOTES, now).count == count


def test_somebody_with_two_roles_is_one_contact(
    crm: Crm, control: Control, deal: RecordRef, now: datetime
):
    people = [seed(control, "Contact") for _ in range(2)]
    for person, role in (
        (people[0], "Evaluator"),
        (people[0], "Other"),
        (people[1], ""),
    ):
        log(control, deal, "contact", ContactId=person, Role=role or None)
    assert tally(crm, deal, EvidenceKind.CONTACTS, now).count == 2


def test_an_account_has_its_people_and_a_person_is_their_own(
    crm: Crm, control: Control, now: datetime
):
    account = seed(control, "Account")
    person = ref(seed(control, "Contact", fields={"AccountId": account}), Kind.CONTACT)
    lead = ref(seed(control, "Lead"), Kind.LEAD)
    company = ref(account, Kind.COMPANY)
    for on in (person, lead, company):
        assert tally(crm, on, EvidenceKind.CONTACTS, now).count == 1


def test_everything_about_hundreds_of_deals_takes_one_request(
    crm: Crm, control: Control, now: datetime, requests: Requests
):
    refs = seed_many(control, 400)
    for on in refs[::100]:
        log(control, on, "call")
        log(control, on, "meeting")
    # The people of their accounts are asked for once the accounts are known.
    kinds = ALL - {EvidenceKind.ACCOUNT_CONTACTS}
    crm.evidence(refs[:1], kinds, now)
    requests.clear()
    found = crm.evidence(refs, kinds, now)
    assert requests.operations() == ["composite"]
    counts = [found[one].tallies[EvidenceKind.CALLS].count for one in refs]
    assert [place for place, count in enumerate(counts) if count] == [0, 100, 200, 300]


def test_a_thousand_deals_take_one_request_for_a_kind(
    crm: Crm, control: Control, now: datetime, requests: Requests
):
    refs = seed_many(control, 1000)
    requests.clear()
    found = crm.evidence(refs, frozenset({EvidenceKind.CALLS}), now)
    assert len(found) == 1000
    assert requests.operations()[-1:] == ["composite"]
    assert requests.operations().count("composite") == 1


def test_an_organisation_without_quotes_and_messages_has_none(
    crm: Crm, control: Control, deal: RecordRef, now: datetime
):
    control.post("salesforce/settings", quotes_enabled=False)
    control.post("faults", kind="status", status=404, path="EmailMessage/", count=None)
    tallies = crm.evidence([deal], ALL, now)[deal].tallies
    assert tallies == dict.fromkeys(ALL, Tally())
