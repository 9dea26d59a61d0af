"""What every `ChangeSource` keeps to, asked with deliveries that an account sends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from redis import Redis

from adapters.ports import ChangeSource, DeliveryRefused, Heard, HeardKind, Inbound
from adapters.salesforce.soap import ACKNOWLEDGEMENT
from adapters.sandbox import Sandbox, start
from connector.clock import SystemClock
from rules.model import ActorClass, Kind
from tests.contract.salesforce_sender import SalesforceSender
from tests.contract.sender import HubSpotSender, Sender
from tests.sandbox.kit import Control, Receiver

HAS_LEADS = {"hubspot": True, "hubspot-without-leads": False}
SENDERS = (*HAS_LEADS, "salesforce")


@pytest.fixture(scope="module")
def telling() -> Iterator[Sandbox]:
    """The sandbox of these tests; those of `Crm` act in another one."""
    sandbox = start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def acting(telling: Sandbox) -> Iterator[Control]:
    control = Control(telling.url)
    yield control
    control.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver(ACKNOWLEDGEMENT)
    yield receiver
    receiver.close()


@pytest.fixture(params=SENDERS)
def sender(
    telling: Sandbox,
    acting: Control,
    receiver: Receiver,
    redis: Redis,
    request: pytest.FixtureRequest,
) -> Iterator[Sender]:
    has_leads = HAS_LEADS.get(request.param)
    made: Sender = (
        SalesforceSender(telling, acting, receiver, redis)
        if has_leads is None
        else HubSpotSender(telling, acting, receiver, has_leads=has_leads)
    )
    yield made
    made.stop()


@pytest.fixture(params=HAS_LEADS)
def signer(
    telling: Sandbox,
    acting: Control,
    receiver: Receiver,
    request: pytest.FixtureRequest,
) -> Iterator[HubSpotSender]:
    """One whose deliveries are signed, and tell what has happened to a record."""
    has_leads = HAS_LEADS[request.param]
    made = HubSpotSender(telling, acting, receiver, has_leads=has_leads)
    yield made
    made.stop()


@pytest.fixture
def delivery(sender: Sender) -> Inbound:
    """One good delivery."""
    sender.add(Kind.DEAL)
    return sender.deliveries()[0]


@pytest.fixture
def signed(signer: HubSpotSender) -> Inbound:
    """One good delivery with a signature."""
    signer.add(Kind.DEAL)
    return signer.deliveries()[0]


def hear(sender: Sender) -> list[Heard]:
    """Return what was heard, each delivery checked and kept as the receiver does."""
    found: list[Heard] = []
    for inbound in sender.deliveries():
        kept = sender.source.check(inbound)
        found += sender.source.hear(kept)
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
def test_an_address_with_a_query_is_signed_with_it(signer: HubSpotSender, query: str):
    signer.use_address(query)
    signer.add(Kind.DEAL)
    told = signer.deliveries()
    assert told
    for inbound in told:
        signer.source.check(inbound)
        bare = replace(inbound, url=inbound.url.partition("?")[0])
        assert refusal(signer.source, bare) == (401, "signature")


def test_a_secret_that_is_being_replaced_is_still_good(sender: Sender):
    sender.use_secret("an-older-secret")
    sender.add(Kind.DEAL)
    assert hear(sender)


def test_a_delivery_with_another_secret_is_refused(sender: Sender):
    sender.use_secret("somebody-elses-secret")
    sender.add(Kind.DEAL)
    told = sender.deliveries()
    assert told
    for inbound in told:
        assert refusal(sender.source, inbound) == sender.forged


def test_a_delivery_that_was_changed_on_its_way_is_refused(
    signer: HubSpotSender, signed: Inbound
):
    changed = signed.body.replace(b"CREATED", b"DELETED")
    assert changed != signed.body
    for forged in (
        replace(signed, body=changed),
        replace(signed, body=signed.body + b" "),
        replace(signed, url=signed.url.replace("/x", "/y")),
        replace(signed, method="PUT"),
        replace(signed, headers={}),
    ):
        assert refusal(signer.source, forged) == (401, "signature")


@pytest.mark.parametrize("off", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_a_delivery_whose_time_is_off_is_refused(
    signer: HubSpotSender, signed: Inbound, off: timedelta
):
    late = replace(signed, received_at=signed.received_at + off)
    assert refusal(signer.source, late) == (401, "stale")


@pytest.mark.parametrize("off", [timedelta(minutes=4), timedelta(minutes=-4)])
def test_a_delivery_that_is_a_little_late_or_early_is_taken(
    signer: HubSpotSender, signed: Inbound, off: timedelta
):
    signer.source.check(replace(signed, received_at=signed.received_at + off))


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
        made = [one for one in hear(sender) if one.kind is sender.made_as]
        assert ref in {one.ref for one in made}
        assert {one.actor.kind for one in made} == {ActorClass.PERSON}
        assert ref in sender.crm.read([ref], {})


def test_a_change_is_heard_with_its_moment(sender: Sender):
    at = (SystemClock().now() - timedelta(hours=1)).replace(microsecond=0)
    for kind in sender.kinds:
        ref = sender.add(kind)
        sender.forget()
        sender.rename(ref, "Bos & Zn. ❤", at=at)
        [heard] = hear(sender)
        assert (heard.kind, heard.ref) == (HeardKind.CHANGED, ref)
        assert heard.occurred_at == at


def test_a_change_is_heard_with_its_field_and_value(signer: HubSpotSender):
    at = (SystemClock().now() - timedelta(hours=1)).replace(microsecond=123_000)
    for kind in signer.kinds:
        ref = signer.add(kind)
        signer.forget()
        field = signer.rename(ref, "Bos & Zn. ❤", at=at)
        [heard] = hear(signer)
        assert (heard.property, heard.value) == (field, "Bos & Zn. ❤")
        assert heard.occurred_at == at


def test_a_value_that_is_emptied_is_heard_as_a_change(signer: HubSpotSender):
    ref = signer.add(Kind.COMPANY)
    signer.forget()
    signer.rename(ref, "")
    [heard] = hear(signer)
    assert (heard.kind, heard.ref) == (HeardKind.CHANGED, ref)
    assert not heard.value


def test_who_changed_it_is_heard(sender: Sender):
    ref = sender.add(Kind.DEAL)
    for by in sender.actors:
        sender.forget()
        sender.rename(ref, f"By {by}", by=by)
        [heard] = hear(sender)
        assert heard.actor.kind is by
        assert heard.actor.name
        assert heard.actor.user_id or by is not ActorClass.PERSON


def test_deleting_and_restoring_are_heard(signer: HubSpotSender):
    for kind in signer.kinds:
        ref = signer.add(kind)
        signer.forget()
        signer.delete(ref)
        [deleted] = hear(signer)
        signer.forget()
        signer.restore(ref)
        [restored] = hear(signer)
        assert (deleted.kind, deleted.ref) == (HeardKind.DELETED, ref)
        assert (restored.kind, restored.ref) == (HeardKind.RESTORED, ref)
        assert deleted.actor.kind is ActorClass.PERSON


def test_a_merge_names_what_lives_on_and_what_became_it(signer: HubSpotSender):
    for kind in signer.kinds:
        one, other = signer.add(kind), signer.add(kind)
        signer.forget()
        into = signer.merge(one, other)
        [merge] = [heard for heard in hear(signer) if heard.kind is HeardKind.MERGED]
        assert merge.ref == into
        assert set(merge.merged) == {one, other} - {into}
        assert set(signer.crm.read([one, other, into], {})) == {into}


def test_a_link_is_heard_from_both_sides(signer: HubSpotSender):
    deal, company = signer.add(Kind.DEAL), signer.add(Kind.COMPANY)
    signer.forget()
    signer.link(deal, company)
    heard = hear(signer)
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
    keys = [one.key for one in hear(sender)]
    assert len(keys) == len(set(keys)) == 3


def test_the_end_of_a_record_has_keys_of_its_own(signer: HubSpotSender):
    ref = signer.add(Kind.DEAL)
    signer.forget()
    signer.delete(ref)
    signer.restore(ref)
    signer.delete(ref)
    keys = [one.key for one in hear(signer)]
    assert len(keys) == len(set(keys)) == 3
