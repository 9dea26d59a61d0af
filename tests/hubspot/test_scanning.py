from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from adapters.hubspot.crm import scanning
from adapters.ports import Crm
from rules.model import Kind
from tests.hubspot.kit import FIELDS, Requests, ref, seed, seed_many
from tests.sandbox.kit import Control


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251


def test_everything_comes_oldest_change_first(crm: Crm, control: Control):
    old = seed(control, at="-9d", properties={"dealname": "Old"})
    young = seed(control, at="-1d", properties={"dealname": "Young"})
    middle = seed(control, at="-10d", properties={"dealname": "Middle"})
    control.post("hubspot/act", id=middle, at="-5d", properties={"amount": 1})
    [batch] = crm.scan(Kind.DEAL, FIELDS)
    assert [record.ref.id for record in batch] == [old, middle, young]
    assert batch[1].fields["amount"] == 1.0
    assert crm.count(Kind.DEAL) == 3


def test_a_cursor_leaves_out_what_is_older(crm: Crm, control: Control):
    seed(control, at="-9d")
    young = seed(control, at="-1d")
    since = now() - timedelta(days=2)
    [batch] = crm.scan(Kind.DEAL, FIELDS, since=since)
    assert [record.ref.id for record in batch] == [young]
    assert crm.count(Kind.DEAL, since=since) == 1


def test_an_empty_account_yields_nothing(crm: Crm):
    assert list(crm.scan(Kind.DEAL, FIELDS)) == []
    assert crm.count(Kind.DEAL) == 0


def test_more_records_of_one_moment_than_a_page_holds_come_all(
    crm: Crm, control: Control, requests: Requests
):
    ids = seed_many(control, 1_050)
    late = seed(control, at="-1d")
    requests.clear()
    found = [record.ref.id for batch in crm.scan(Kind.DEAL, FIELDS) for record in batch]
    assert set(found) == {*ids, late}
    assert found[-1] == late
    searches = [one for one in requests.operations() if one == "deals.search"]
    assert len(searches) <= 1_050 // scanning.PAGE + 5


def test_pages_do_not_skip_what_moves_meanwhile(crm: Crm, control: Control):
    made = control.post(
        "hubspot/seed",
        records=[
            {"key": str(number), "object": "deals", "at": f"-{900 - number}m"}
            for number in range(450)
        ],
    )["ids"]
    found: set[str] = set()
    for batch in crm.scan(Kind.DEAL, FIELDS):
        found |= {record.ref.id for record in batch}
        for number in range(10):
            control.post("hubspot/act", id=made[str(number)], properties={"amount": 9})
    assert found == set(made.values())


def test_what_is_yielded_is_fresh_although_the_index_lags(crm: Crm, control: Control):
    moved = seed(control, at="-9d", properties={"dealstage": "appointmentscheduled"})
    quiet = seed(control, at="-1d")
    control.post("hubspot/settings", index_lag_ms=60_000)
    control.post("hubspot/act", id=moved, properties={"dealstage": "contractsent"})
    batches = list(crm.scan(Kind.DEAL, FIELDS))
    order = [record.ref.id for batch in batches for record in batch]
    assert order == [quiet, moved]
    assert batches[-1][-1].stage == "contractsent"


def test_the_last_moments_are_looked_at_again_because_the_index_lags(
    crm: Crm, control: Control
):
    just = seed(control, at="-60s")
    found = list(crm.scan(Kind.DEAL, FIELDS, since=now()))
    assert [record.ref.id for batch in found for record in batch] == [just]


def test_contacts_in_a_leads_stage_stand_for_leads_where_there_are_none(
    connect: Callable[..., Crm], control: Control
):
    control.post("hubspot/settings", leads_enabled=False)
    lead = seed(
        control, object="contacts", properties={"lifecyclestage": "lead", "email": "a"}
    )
    customer = seed(
        control,
        object="contacts",
        properties={"lifecyclestage": "customer", "email": "b"},
    )
    crm = connect()
    [batch] = crm.scan(Kind.LEAD, {})
    assert [record.ref for record in batch] == [ref(lead, Kind.LEAD)]
    assert batch[0].stage == "lead"
    assert crm.count(Kind.LEAD) == 1
    known = ref(customer, Kind.LEAD)
    assert crm.read([known], {})[known].stage == "customer"
    [pipeline] = crm.account([Kind.LEAD]).kinds[Kind.LEAD].pipelines
    assert [stage.id for stage in pipeline.stages][1] == "lead"


def test_what_the_index_has_not_seen_yet_comes_last_and_as_it_stands(
    crm: Crm, control: Control
):
    changed = seed(control, at="-9d", properties={"dealname": "Changed"})
    other = seed(control, at="-1d", properties={"dealname": "Other"})
    control.post("hubspot/settings", index_lag_ms=3_600_000)
    control.post("hubspot/act", id=changed, properties={"amount": 7})
    found = [record for batch in crm.scan(Kind.DEAL, FIELDS) for record in batch]
    assert [record.ref.id for record in found] == [other, changed]
    assert found[-1].fields["amount"] == 7.0
