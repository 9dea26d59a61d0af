"""What every `ChangeSource` keeps to, asked with deliveries that an account sends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.ports import ChangeSource, DeliveryRefused, Heard, HeardKind, Inbound
from adapters.sandbox import Sandbox, start
from connector.clock import SystemClock
from rules.model import ActorClass, Kind
from tests.contract.sender import HubSpotSender, Sender
from tests.sandbox.kit import Control, Receiver

HAS_LEADS = {"hubspot": True, "hubspot-without-leads": False}


@pytest.fixture(scope="module")
def telling() -> Iterator[Sandbox]:
    """The sandbox of these tests; those of `Crm` act in another one."""
    sandbox = start()
    yield sandbox
    sandbox.stop()


@pytest.fixture(params=HAS_LEADS)
def sender(telling: Sandbox, request: pytest.FixtureRequest) -> Iterator[Sender]:
    control, receiver = Control(telling.url), Receiver()
    has_leads = HAS_LEADS[request.param]
    yield HubSpotSender(telling, control, receiver, has_leads=has_leads)
    control.post("hubspot/webhooks", target_url="")
    control.post("hubspot/webhooks/flush", hurry=True)
    control.post("hubspot/webhooks/clear")
    control.close()
    receiver.close()


@pytest.fixture
def delivery(sender: Sender) -> Inbound:
    """One good delivery."""
    sender.add(Kind.DEAL)
    return sender.deliveries()[0]


def hear(sender: Sender) -> list[Heard]:
    """Return what was heard, each delivery checked as the web process does."""
    found: list[Heard] = []
    for inbound in sender.deliveries():
        sender.source.check(inbound)
        found += sender.source.hear(inbound.body)
    return found


def refusal(source: ChangeSource, inbound: Inbound) -> tuple[int, str]:
    with pytest.raises(DeliveryRefused) as refused:
        source.check(inbound)
    assert str(refused.value).endswith(".")
    return refused.value.status, refused.value.reason


def test_what_the_account_sends_is_taken_and_acknowledged(
    sender: Sender, delivery: Inbound
):
    sender.source.check(delivery)
    body, content_type = sender.source.acknowledgement()
    assert isinstance(body, bytes)
    assert content_type


def test_the_names_of_headers_may_come_in_any_case(sender: Sender, delivery: Inbound):
    for change in (str.lower, str.upper):
        headers = {change(name): value for name, value in delivery.headers.items()}
        sender.source.check(replace(delivery, headers=headers))


@pytest.mark.parametrize("query", ["team=a", "to=a%2Fb%20c%3A1&q=%C3%A9", "x=%25"])
def test_an_address_with_a_query_is_signed_with_it(sender: Sender, query: str):
    sender.use_address(query)
    sender.add(Kind.DEAL)
    for inbound in sender.deliveries():
        sender.source.check(inbound)
        bare = replace(inbound, url=inbound.url.partition("?")[0])
        assert refusal(sender.source, bare) == (401, "signature")


def test_a_secret_that_is_being_replaced_still_signs(sender: Sender):
    sender.use_secret("an-older-secret")
    sender.add(Kind.DEAL)
    assert hear(sender)


def test_a_delivery_signed_with_another_secret_is_refused(sender: Sender):
    sender.use_secret("somebody-elses-secret")
    sender.add(Kind.DEAL)
    for inbound in sender.deliveries():
        assert refusal(sender.source, inbound) == (401, "signature")


def test_a_delivery_that_was_changed_on_its_way_is_refused(
    sender: Sender, delivery: Inbound
):
    changed = delivery.body.replace(b"CREATED", b"DELETED")
    assert changed != delivery.body
    for forged in (
        replace(delivery, body=changed),
        replace(delivery, body=delivery.body + b" "),
        replace(delivery, url=delivery.url.replace("/x", "/y")),
        replace(delivery, method="PUT"),
        replace(delivery, headers={}),
    ):
        assert refusal(sender.source, forged) == (401, "signature")


@pytest.mark.parametrize("off", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_a_delivery_whose_time_is_off_is_refused(
    sender: Sender, delivery: Inbound, off: timedelta
):
    late = replace(delivery, received_at=delivery.received_at + off)
    assert refusal(sender.source, late) == (401, "stale")


@pytest.mark.parametrize("off", [timedelta(minutes=4), timedelta(minutes=-4)])
def test_a_delivery_that_is_a_little_late_or_early_is_taken(
    sender: Sender, delivery: Inbound, off: timedelta
):
    sender.source.check(replace(delivery, received_at=delivery.received_at + off))


def test_a_delivery_of_another_account_is_refused(sender: Sender, delivery: Inbound):
    assert refusal(sender.stranger, delivery) == (403, "account")


@pytest.mark.parametrize(
    "body", [b"", b"[", b"null", b"{}", b"[1]", b'[{},"x"]', b"\xff", b"[" * 100_000]
)
def test_a_signed_delivery_of_the_wrong_shape_is_refused(
    sender: Sender, delivery: Inbound, body: bytes
):
    assert refusal(sender.source, sender.sign(delivery, body)) == (400, "shape")


def test_a_delivery_beyond_all_measure_is_refused(sender: Sender, delivery: Inbound):
    huge = sender.sign(delivery, b" " * (8 * 1024 * 1024))
    assert refusal(sender.source, huge) == (413, "size")


def test_a_record_that_is_made_is_heard_and_can_be_read(sender: Sender):
    for kind in sender.kinds:
        ref = sender.add(kind)
        made = [one for one in hear(sender) if one.kind is HeardKind.CREATED]
        assert ref in {one.ref for one in made}
        assert {one.actor.kind for one in made} == {ActorClass.PERSON}
        assert ref in sender.crm.read([ref], {})


def test_a_change_is_heard_with_its_field_value_and_moment(sender: Sender):
    at = (SystemClock().now() - timedelta(hours=1)).replace(microsecond=123_000)
    for kind in sender.kinds:
        ref = sender.add(kind)
        sender.forget()
        field = sender.rename(ref, "Bos & Zn. ❤", at=at)
        [heard] = hear(sender)
        assert (heard.kind, heard.ref) == (HeardKind.CHANGED, ref)
        assert (heard.property, heard.value) == (field, "Bos & Zn. ❤")
        assert heard.occurred_at == at


def test_a_value_that_is_emptied_is_heard_as_a_change(sender: Sender):
    ref = sender.add(Kind.COMPANY)
    sender.forget()
    sender.rename(ref, "")
    [heard] = hear(sender)
    assert (heard.kind, heard.ref) == (HeardKind.CHANGED, ref)
    assert not heard.value


def test_who_changed_it_is_heard(sender: Sender):
    actors = (
        ActorClass.PERSON,
        ActorClass.WORKFLOW,
        ActorClass.INTEGRATION,
        ActorClass.IMPORT,
        ActorClass.AGENT,
        ActorClass.OURSELVES,
    )
    ref = sender.add(Kind.DEAL)
    sender.forget()
    for actor in actors:
        sender.rename(ref, f"By {actor}", by=actor)
    heard = {one.value: one.actor for one in hear(sender)}
    assert {name: actor.kind for name, actor in heard.items()} == {
        f"By {actor}": actor for actor in actors
    }
    assert all(actor.name for actor in heard.values())
    assert heard["By person"].user_id


def test_deleting_and_restoring_are_heard(sender: Sender):
    for kind in sender.kinds:
        ref = sender.add(kind)
        sender.forget()
        sender.delete(ref)
        [deleted] = hear(sender)
        sender.forget()
        sender.restore(ref)
        [restored] = hear(sender)
        assert (deleted.kind, deleted.ref) == (HeardKind.DELETED, ref)
        assert (restored.kind, restored.ref) == (HeardKind.RESTORED, ref)
        assert deleted.actor.kind is ActorClass.PERSON


def test_a_merge_names_what_lives_on_and_what_became_it(sender: Sender):
    for kind in sender.kinds:
        one, other = sender.add(kind), sender.add(kind)
        sender.forget()
        into = sender.merge(one, other)
        [merge] = [heard for heard in hear(sender) if heard.kind is HeardKind.MERGED]
        assert merge.ref == into
        assert set(merge.merged) == {one, other} - {into}
        assert set(sender.crm.read([one, other, into], {})) == {into}


def test_a_link_is_heard_from_both_sides(sender: Sender):
    deal, company = sender.add(Kind.DEAL), sender.add(Kind.COMPANY)
    sender.forget()
    sender.link(deal, company)
    heard = hear(sender)
    assert {one.kind for one in heard} == {HeardKind.LINKED}
    assert {one.ref for one in heard} == {deal, company}


def test_what_we_do_not_follow_is_heard_as_something_else(sender: Sender):
    sender.write_elsewhere()
    [heard] = hear(sender)
    assert (heard.kind, heard.ref) == (HeardKind.OTHER, None)
    assert heard.key


def test_a_delivery_that_comes_again_has_the_keys_of_the_first(sender: Sender):
    refs = [sender.add(Kind.DEAL) for _ in range(3)]
    sender.forget()
    sender.refuse_first()
    for ref in refs:
        sender.rename(ref, "Bos")
    keys = [one.key for one in hear(sender)]
    assert len(keys) > len(set(keys))
    assert len(set(keys)) == len(refs)


def test_facts_that_differ_have_keys_that_differ(sender: Sender):
    ref = sender.add(Kind.DEAL)
    sender.forget()
    for name in ("A", "B", "A"):
        sender.rename(ref, name)
    sender.delete(ref)
    sender.restore(ref)
    keys = [one.key for one in hear(sender)]
    assert len(keys) == len(set(keys)) == 5
