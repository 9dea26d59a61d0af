"""Channels as the admin handles them: added, tried, tested, removed."""

import base64
from datetime import timedelta

import pytest

from adapters.errors import NotFound, Transient, Unauthorized
from adapters.ports import Message
from connector.crypto import Vault
from connector.services.channels import ChannelMissing, Channels
from connector.store import Store
from connector.store.channels import Channel
from connector.store.health import has_failed
from connector.store.notifications import NewNotification, Purpose
from tests.fakes.clock import FrozenClock
from tests.fakes.notifier import FakeNotifier

KEY = base64.urlsafe_b64encode(bytes(32)).decode()
HELLO = Message(key="test", to="robin@example.com", subject="Hello", lines=("Hi.",))


@pytest.fixture
def notifier() -> FakeNotifier:
    return FakeNotifier()


@pytest.fixture
def channels(store: Store, clock: FrozenClock, notifier: FakeNotifier) -> Channels:
    return Channels(
        store, notifier_for=lambda _: notifier, vault=Vault([KEY]), clock=clock
    )


def add(channels: Channels, name: str = "team", *, rank: int = 0) -> Channel:
    return channels.add(
        name,
        kind="chat",
        settings={"url": "https://chat.example"},
        secrets={"token": "s3cret"},
        rank=rank,
        author="anna",
    )


def test_a_channels_secrets_are_kept_sealed_and_out_of_the_audit(
    channels: Channels, store: Store
):
    added = add(channels)
    assert b"s3cret" not in added.secrets
    assert Vault([KEY]).open(added.secrets) == {"token": "s3cret"}
    with store.begin() as tx:
        [entry] = tx.audit.latest()
    assert entry.after == {"kind": "chat", "url": "https://chat.example"}


def test_channels_are_listed_by_rank(channels: Channels):
    add(channels, "post", rank=1)
    add(channels, "team", rank=0)
    assert [one.name for one in channels.all()] == ["team", "post"]


def have_a_message_wait(store: Store, clock: FrozenClock) -> None:
    later = clock.now() + timedelta(hours=1)
    with store.begin() as tx:
        tx.notifications.plan(
            [NewNotification(HELLO, Purpose.REMINDER)], now=clock.now()
        )
        [due] = tx.notifications.claim(lease="l", now=clock.now(), until=later, limit=1)
        tx.notifications.retry_at(due.id, lease="l", due_at=later, error="None.")
        assert not tx.notifications.is_any_due(clock.now())


def test_what_waits_for_a_channel_goes_out_when_one_is_added(
    channels: Channels, store: Store, clock: FrozenClock
):
    have_a_message_wait(store, clock)
    add(channels)
    with store.begin() as tx:
        assert tx.notifications.is_any_due(clock.now())


def test_a_channel_is_left_out_until_it_is_used_again(
    channels: Channels, store: Store, clock: FrozenClock
):
    added = add(channels)
    channels.disable("team", author="anna")
    channels.disable("team", author="anna")
    assert not channels.find("team").is_enabled
    assert channels.find("team").secrets == added.secrets
    have_a_message_wait(store, clock)
    channels.enable("team", author="robin")
    assert channels.find("team").is_enabled
    with store.begin() as tx:
        assert tx.notifications.is_any_due(clock.now())
        audit = [(one.action, one.actor) for one in tx.audit.latest(limit=2)]
    assert audit == [("channel.enabled", "robin"), ("channel.disabled", "anna")]
    with pytest.raises(ChannelMissing, match="There are: team"):
        channels.disable("post", author="anna")


def test_a_channel_that_is_not_there_is_named_with_those_that_are(channels: Channels):
    with pytest.raises(ChannelMissing, match="none yet"):
        channels.find("team")
    add(channels, "post")
    with pytest.raises(ChannelMissing, match="There are: post"):
        channels.remove("team", author="anna")


def test_a_removed_channel_is_forgotten(channels: Channels):
    add(channels)
    channels.remove("team", author="anna")
    assert channels.all() == []


def test_a_probe_is_kept_and_takes_the_notice_away_if_all_is_well(
    channels: Channels, store: Store, clock: FrozenClock, notifier: FakeNotifier
):
    add(channels)
    with store.begin() as tx:
        tx.notices.tell("channel/team", code="c", message="m", now=clock.now())
    notifier.failures = [Unauthorized("The token was refused.")]
    assert not channels.probe("team").is_ok
    assert has_failed(channels.find("team").last_test)
    with store.begin() as tx:
        assert len(tx.notices.open()) == 1
    assert channels.probe("team").is_ok
    assert not has_failed(channels.find("team").last_test)
    with store.begin() as tx:
        assert tx.notices.open() == []


def test_every_test_message_arrives_although_they_are_alike(
    channels: Channels, notifier: FakeNotifier
):
    add(channels)
    channels.test("team", HELLO, author="anna")
    channels.test("team", HELLO, author="anna")
    first, second = notifier.sent
    assert first.key != second.key
    assert (first.subject, first.lines, first.to) == ("Hello", ("Hi.",), HELLO.to)


@pytest.mark.parametrize("failure", [Transient("Down."), NotFound("Who is that?")])
def test_a_test_message_that_fails_says_why_and_is_kept(
    channels: Channels, notifier: FakeNotifier, failure: Exception
):
    add(channels)
    notifier.failures = [failure]
    with pytest.raises(type(failure)):
        channels.test("team", HELLO, author="anna")
    tested = channels.find("team").last_test
    assert (tested["is_ok"], tested["message"]) == (False, str(failure))
