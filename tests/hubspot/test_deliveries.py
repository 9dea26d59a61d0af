from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.hubspot import open_source
from adapters.ports import ChangeSource, Crm, DeliveryRefused, Heard, HeardKind, Inbound
from adapters.sandbox.hubspot.account import DEFAULT_APP, DEFAULT_SECRET
from rules.model import ActorClass, Kind
from tests.hubspot.kit import FIELDS, PORTAL, ref, seed, seed_many
from tests.hubspot.test_writing import setting
from tests.sandbox.kit import REP, Control, Receiver


@pytest.fixture
def source() -> ChangeSource:
    return open_source(secrets=[DEFAULT_SECRET], portal_id=PORTAL, app_id=DEFAULT_APP)


@pytest.fixture
def receiver(control: Control) -> Iterator[Receiver]:
    """A receiver that the account's webhooks go to."""
    made = Receiver()
    control.post("hubspot/webhooks", target_url=made.url, habits={"first_retry_ms": 5})
    yield made
    control.post("hubspot/webhooks", target_url="")
    control.post("hubspot/webhooks/flush", hurry=True)
    control.post("hubspot/webhooks/clear")
    made.close()


def inbounds(control: Control, receiver: Receiver) -> list[Inbound]:
    assert control.post("hubspot/webhooks/flush")["done"]
    now = datetime.now(UTC)  # noqa: TID251
    return [
        Inbound("POST", receiver.url, headers, body, now)
        for headers, body in receiver.posts
    ]


def hear(source: ChangeSource, control: Control, receiver: Receiver) -> list[Heard]:
    found: list[Heard] = []
    for inbound in inbounds(control, receiver):
        source.check(inbound)
        found += source.hear(inbound.body)
    return found


def test_what_the_account_sends_is_checked_and_heard(
    source: ChangeSource, crm: Crm, control: Control, receiver: Receiver
):
    deal = ref(seed(control))
    control.post("hubspot/act", id=deal.id, user=REP, properties={"amount": 5})
    crm.write([setting(deal, stage="qualifiedtobuy")], FIELDS)
    heard = {one.property: one for one in hear(source, control, receiver)}
    assert heard["amount"].ref == deal
    assert heard["amount"].value == "5"
    assert heard["amount"].actor.kind is ActorClass.PERSON
    assert heard["dealstage"].actor.kind is ActorClass.OURSELVES


def test_a_life_of_a_deal_is_heard(
    source: ChangeSource, control: Control, receiver: Receiver
):
    one = control.post("hubspot/create", properties={"dealname": "One"})["id"]
    other = control.post("hubspot/create", properties={"dealname": "Other"})["id"]
    control.post("hubspot/delete", id=one)
    control.post("hubspot/restore", id=one)
    merged = control.post("hubspot/merge", id=one, other=other)["id"]
    heard = hear(source, control, receiver)
    assert {one.kind for one in heard} >= {
        HeardKind.CREATED,
        HeardKind.CHANGED,
        HeardKind.DELETED,
        HeardKind.RESTORED,
        HeardKind.MERGED,
    }
    [merge] = [event for event in heard if event.kind is HeardKind.MERGED]
    assert merge.ref == ref(merged)
    assert set(merge.merged) == {ref(one), ref(other)}


def test_leads_are_heard_by_generic_events(
    source: ChangeSource, control: Control, receiver: Receiver
):
    control.post(
        "hubspot/webhooks",
        subscriptions=[
            {
                "event": "object.propertyChange",
                "object": "lead",
                "properties": ["hs_pipeline_stage"],
            }
        ],
    )
    contact = seed(control, object="contacts", properties={"email": "a@example.com"})
    lead = seed(
        control,
        object="leads",
        properties={"hs_lead_name": "Bos"},
        associations=[{"object": "contacts", "id": contact, "type": 578}],
    )
    stage = {"hs_pipeline_stage": "connected-stage-id"}
    control.post("hubspot/act", object="leads", id=lead, user=REP, properties=stage)
    [heard] = hear(source, control, receiver)
    assert heard.ref == ref(lead, Kind.LEAD)


def test_a_repeated_delivery_has_the_keys_of_the_first(
    source: ChangeSource, control: Control, receiver: Receiver
):
    receiver.answers = [500]
    ids = seed_many(control, 20)
    control.post("hubspot/bulk", ids=ids, properties={"dealstage": "contractsent"})
    keys = [one.key for one in hear(source, control, receiver)]
    assert len(keys) == 40
    assert len(set(keys)) == 20


def test_a_delivery_kept_too_long_is_refused(
    source: ChangeSource, control: Control, receiver: Receiver
):
    deal = seed(control)
    control.post("hubspot/act", id=deal, properties={"amount": 5})
    [inbound] = inbounds(control, receiver)
    later = inbound.received_at + timedelta(minutes=6)
    late = Inbound("POST", inbound.url, inbound.headers, inbound.body, later)
    with pytest.raises(DeliveryRefused, match="five minutes"):
        source.check(late)
