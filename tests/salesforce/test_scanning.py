from datetime import UTC, datetime, timedelta
from itertools import pairwise

from adapters.ports import Crm
from adapters.salesforce.crm.scanning import LAG, PAGE
from rules.model import EvidenceKind, Kind, Record
from tests.hubspot.kit import Requests
from tests.salesforce.kit import FIELDS, ref, seed, seed_many
from tests.sandbox.kit import REP, Control

CALLS = frozenset({EvidenceKind.CALLS})
DAY = timedelta(days=1)


def now(control: Control) -> datetime:
    return datetime.fromtimestamp(control.get("clock")["now_ms"] / 1000, UTC)


def scanned(crm: Crm, since: datetime | None = None) -> list[Record]:
    batches = crm.scan(Kind.DEAL, FIELDS, since=since)
    return [record for batch in batches for record in batch]


def test_pages_go_on_behind_the_last_record_of_one_moment(
    crm: Crm, control: Control, requests: Requests
):
    many = seed_many(control, PAGE + 3, at="-5d")
    crm.read(many[:1], FIELDS)
    requests.clear()
    found = scanned(crm)
    assert requests.operations() == ["query", "query"]
    assert [one.ref for one in found] == sorted(many)


def test_the_shorter_pages_of_wide_rows_are_fetched_to_the_last(
    crm: Crm, control: Control
):
    control.post("salesforce/settings", query_batch=200)
    many = seed_many(control, 450)
    assert {one.ref for one in scanned(crm)} == set(many)


def test_the_oldest_change_comes_first_over_all_pages(crm: Crm, control: Control):
    seed_many(control, PAGE, at="-5d")
    for days in (3, 1, 2):
        seed(control, at=f"-{days}d")
    stamps = [one.modified_at for one in scanned(crm)]
    assert len(stamps) == PAGE + 3
    assert all(one <= other for one, other in pairwise(stamps))


def test_a_change_that_was_saved_late_is_not_missed(crm: Crm, control: Control):
    deal = ref(seed(control, at="-1h"))
    [record] = scanned(crm)
    late = record.modified_at + LAG
    assert [one.ref for one in scanned(crm, since=late)] == [deal]
    assert scanned(crm, since=late + timedelta(seconds=1)) == []
    assert crm.count(Kind.DEAL, since=late) == 0
    assert crm.count(Kind.DEAL, since=record.modified_at) == 1


def test_what_was_linked_is_told_once_for_each_record_of_the_kind(
    crm: Crm, control: Control
):
    deal, other = ref(seed(control)), ref(seed(control))
    account = seed(control, "Account")
    since = now(control)
    for on in (deal.id, deal.id, account):
        control.post("salesforce/log", kind="call", on=on, user=REP)
    control.post("salesforce/log", kind="task", on=other.id, user=REP)
    told = list(crm.touched(Kind.DEAL, CALLS, since=since))
    assert told == [[deal]]
    assert list(crm.touched(Kind.COMPANY, CALLS, since=since)) == [
        [ref(account, Kind.COMPANY)]
    ]


def test_somebody_who_joins_a_deal_is_told_and_an_organisation_may_lack_quotes(
    crm: Crm, control: Control
):
    control.post("salesforce/settings", quotes_enabled=False)
    deal, person = ref(seed(control)), seed(control, "Contact")
    since = now(control)
    control.post(
        "salesforce/log", kind="contact", on=deal.id, fields={"ContactId": person}
    )
    kinds = frozenset({EvidenceKind.CONTACTS, EvidenceKind.QUOTES})
    assert list(crm.touched(Kind.DEAL, kinds, since=since)) == [[deal]]
