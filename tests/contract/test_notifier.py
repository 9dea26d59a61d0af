"""What every way to reach people must do: the fake, Slack, and mail."""

import json
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib import resources
from typing import Protocol

import pytest

from adapters.errors import (
    NotFound,
    OutsideError,
    Permanent,
    Transient,
    Unanswered,
    Unauthorized,
)
from adapters.ports import Item, Message, Notifier
from adapters.sandbox import Sandbox
from adapters.slack import open_notifier as open_slack
from adapters.slack.notifier import SCOPES
from adapters.smtp import open_notifier as open_mail
from tests.fakes.clock import FrozenClock
from tests.fakes.notifier import FakeNotifier
from tests.sandbox.kit import MANAGER, REP, Control

STRANGER = "stranger@example.com"


class Channel(Protocol):
    """A way to reach people, and what a test does to it.

    `can_find`: it can tell what it has, and can replace it. `texts` is everything that
    stands in each message to somebody, as one text.
    """

    can_find: bool
    notifier: Notifier

    def texts(self, to: str) -> Sequence[str]: ...
    def be_busy(self) -> None: ...
    def be_down(self) -> None: ...
    def lose_answer(self) -> None: ...
    def with_bad_credentials(self) -> Notifier: ...


class FakeChannel:
    can_find = True

    def __init__(self) -> None:
        self.notifier = FakeNotifier()
        self.notifier.strangers = {STRANGER}

    def texts(self, to: str) -> Sequence[str]:
        return [
            "\n".join(
                [
                    one.subject,
                    *one.lines,
                    *(part for item in one.items for part in (item.text, item.link)),
                    one.link,
                ]
            )
            for one in self.notifier.messages.values()
            if one.to == to
        ]

    def be_busy(self) -> None:
        self.notifier.failures.append(
            Transient("Busy.", retry_after=timedelta(seconds=7))
        )

    def be_down(self) -> None:
        self.notifier.failures.append(Transient("Down."))

    def lose_answer(self) -> None:
        self.notifier.loses = 1

    def with_bad_credentials(self) -> Notifier:
        refused = FakeNotifier()
        refused.refusal = Unauthorized("The token was refused.")
        return refused


class SlackChannel:
    can_find = True

    def __init__(self, sandbox: Sandbox, control: Control) -> None:
        self._url = sandbox.slack_url
        self._control = control
        self.notifier = self._open(sandbox.slack_token)

    def _open(self, token: str) -> Notifier:
        return open_slack(token=token, api_url=self._url, allow_private=True)

    def texts(self, to: str) -> Sequence[str]:
        found = self._control.get("slack/messages", to=to)["messages"]
        return [one["text"] + json.dumps(one["blocks"]) for one in found]

    def be_busy(self) -> None:
        self._control.post(
            "faults",
            kind="status",
            path="chat.postMessage",
            status=429,
            headers={"Retry-After": "7"},
        )

    def be_down(self) -> None:
        self._control.post("faults", kind="status", path="/api/", status=503)

    def lose_answer(self) -> None:
        self._control.post("faults", kind="lose", path="chat.postMessage")

    def with_bad_credentials(self) -> Notifier:
        return self._open("xoxb-revoked")


class MailChannel:
    can_find = False

    def __init__(
        self, sandbox: Sandbox, control: Control, clock: FrozenClock, tls: str
    ) -> None:
        self._sandbox = sandbox
        self._control = control
        self._clock = clock
        self._tls = tls
        control.post(
            "mail/settings",
            starttls="off" if tls == "offered" else "required",
            username="slagboom",
            password="s3cret",
        )
        # For ever: whether an address exists does not change with the asking.
        control.post(
            "mail/trouble",
            at="rcpt",
            answer="550 5.1.1 No such user",
            to=STRANGER,
            count=None,
        )
        self.notifier = self.open("s3cret")

    def open(self, password: str, *, trusts: bool = True) -> Notifier:
        pem = self._control.get("mail/certificate")["pem"]
        return open_mail(
            host="127.0.0.1",
            port=self._sandbox.smtp_port,
            sender="Slagboom <slagboom@acme.example>",
            clock=self._clock,
            username="slagboom",
            password=password,
            tls=self._tls,
            allow_private=True,
            context=ssl.create_default_context(cadata=pem) if trusts else None,
        )

    def mails(self, to: str) -> list[dict]:
        return self._control.get("mail/messages", to=to)["messages"]

    def texts(self, to: str) -> Sequence[str]:
        return [
            "\n".join([one["subject"], one["text"], one["html"]])
            for one in self.mails(to)
        ]

    def be_busy(self) -> None:
        self._control.post("mail/trouble", at="rcpt", answer="451 4.7.1 Greylisted")

    def be_down(self) -> None:
        self._control.post("mail/trouble", at="connect", drop=True)

    def lose_answer(self) -> None:
        self._control.post("mail/trouble", at="data", drop=True, keep=True)

    def with_bad_credentials(self) -> Notifier:
        return self.open("wrong")


@pytest.fixture
def fresh(control: Control) -> Control:
    """A sandbox in which two people are known and nothing was said."""
    control.post("reset")
    control.post(
        "hubspot/seed",
        users=[
            {"email": REP, "name": "Robin Rep"},
            {"email": MANAGER, "name": "Marit Manager"},
        ],
    )
    return control


Make = Callable[[Sandbox, Control, FrozenClock], Channel]
CHANNELS: dict[str, Make] = {
    "fake": lambda _sandbox, _control, _clock: FakeChannel(),
    "slack": lambda sandbox, control, _: SlackChannel(sandbox, control),
    "mail": lambda sandbox, control, clock: MailChannel(
        sandbox, control, clock, "offered"
    ),
    "mail-encrypted": lambda sandbox, control, clock: MailChannel(
        sandbox, control, clock, "required"
    ),
}


@pytest.fixture(params=CHANNELS)
def channel(
    request: pytest.FixtureRequest,
    sandbox: Sandbox,
    fresh: Control,
    clock: FrozenClock,
) -> Channel:
    return CHANNELS[request.param](sandbox, fresh, clock)


@pytest.fixture
def slack(sandbox: Sandbox, fresh: Control) -> SlackChannel:
    return SlackChannel(sandbox, fresh)


@pytest.fixture
def mail(sandbox: Sandbox, fresh: Control, clock: FrozenClock) -> MailChannel:
    return MailChannel(sandbox, fresh, clock, "required")


def a_message(key: str = "k1", to: str = REP, **changes) -> Message:
    parts = {
        "subject": "Reminder: call Acmé",
        "lines": ("Acmé has been waiting for 3 days.", "To do: call."),
        "link": "https://crm.example.com/deals/1?a=1&b=2",
        "link_text": "Open Acmé",
    }
    return Message(key=key, to=to, **{**parts, **changes})


def test_a_message_arrives_whole(channel: Channel):
    channel.notifier.send(a_message())
    [text] = channel.texts(REP)
    for part in ("call Acm", "waiting for 3 days", "To do: call.", "crm.example.com"):
        assert part in text
    assert channel.texts(MANAGER) == []


def test_a_message_lists_several_matters_each_with_its_link(channel: Channel):
    items = tuple(
        Item(f"Call number {count}", f"https://crm.example.com/deals/{count}")
        for count in range(1, 101)
    )
    channel.notifier.send(a_message(items=items))
    [text] = channel.texts(REP)
    for item in items:
        assert item.text in text
        assert item.link in text


def test_every_message_arrives(channel: Channel):
    for key, to in (("k1", REP), ("k2", REP), ("k3", MANAGER)):
        channel.notifier.send(a_message(key, to))
    assert len(channel.texts(REP)) == 2
    assert len(channel.texts(MANAGER)) == 1


def test_a_stranger_cannot_be_told_and_harms_no_other(channel: Channel):
    with pytest.raises(NotFound):
        channel.notifier.send(a_message(to=STRANGER))
    channel.notifier.send(a_message())
    assert len(channel.texts(REP)) == 1


def test_a_busy_channel_says_so_and_has_not_taken_it(channel: Channel):
    channel.be_busy()
    with pytest.raises(Transient) as busy:
        channel.notifier.send(a_message())
    assert not isinstance(busy.value, Unanswered)
    assert channel.texts(REP) == []
    channel.notifier.send(a_message())
    assert len(channel.texts(REP)) == 1


def test_a_channel_that_is_down_can_be_tried_again(channel: Channel):
    channel.be_down()
    with pytest.raises(Transient):
        channel.notifier.send(a_message())
    channel.notifier.send(a_message())
    assert len(channel.texts(REP)) == 1


def test_a_lost_answer_is_told_apart_and_what_arrived_is_found(channel: Channel):
    channel.lose_answer()
    with pytest.raises(Unanswered):
        channel.notifier.send(a_message())
    assert len(channel.texts(REP)) == 1
    found = channel.notifier.find(a_message())
    assert (found is not None) is channel.can_find


def test_what_was_never_sent_is_not_found(channel: Channel):
    channel.notifier.send(a_message("k1"))
    assert channel.notifier.find(a_message("k2")) is None
    assert channel.notifier.find(a_message("k1", MANAGER)) is None


def test_what_was_sent_is_replaced_or_left_and_never_repeated(channel: Channel):
    sent = channel.notifier.send(a_message())
    settled = a_message(subject="Settled: Acme", lines=("Thanks.",), is_settled=True)
    channel.notifier.update(sent, settled)
    [text] = channel.texts(REP)
    assert ("Settled" in text) is channel.can_find
    assert (channel.notifier.find(a_message()) is not None) is channel.can_find


def test_what_was_found_can_be_replaced(channel: Channel):
    channel.notifier.send(a_message())
    found = channel.notifier.find(a_message())
    if found is not None:
        channel.notifier.update(found, a_message(subject="Settled", is_settled=True))
        [text] = channel.texts(REP)
        assert "Settled" in text


def test_bad_credentials_are_named_and_the_probe_finds_them(channel: Channel):
    refused = channel.with_bad_credentials()
    with pytest.raises(Unauthorized):
        refused.send(a_message())
    probe = refused.probe()
    assert not probe.is_ok
    assert any(line.message for line in probe.lines if not line.is_ok)


def test_a_probe_goes_well_and_sends_nothing(channel: Channel):
    assert channel.notifier.probe().is_ok
    assert channel.texts(REP) == []


def test_slack_says_how_long_it_wants_to_be_left_alone(slack: SlackChannel):
    slack.be_busy()
    with pytest.raises(Transient) as busy:
        slack.notifier.send(a_message())
    assert busy.value.retry_after == timedelta(seconds=7)


def test_a_customers_name_mentions_nobody_and_poses_as_no_link(slack: SlackChannel):
    slack.notifier.send(
        a_message(
            subject="<!channel> & <https://evil.example|Acme>",
            lines=("<@U0SB00001> *bold*",),
            items=(Item("<!here|x>", "https://crm.example.com/?a=<b|c>"),),
            link_text="Open <Acme|x>",
        )
    )
    [text] = slack.texts(REP)
    shown, blocks = text.split("[{", 1)
    assert "<" not in shown
    for block in json.loads("[{" + blocks):
        said = block["text"]
        assert said["type"] == "plain_text" or said["text"].count("<") == 1


def test_slack_counts_what_a_message_has_no_room_for(slack: SlackChannel):
    address = "https://crm.example.com/" + "x" * 2000
    items = tuple(Item(f"Call number {count}", address) for count in range(1, 61))
    slack.notifier.send(a_message(items=items))
    [text] = slack.texts(REP)
    blocks = json.loads("[{" + text.split("[{", 1)[1])
    said = [block["text"]["text"] for block in blocks]
    assert len([one for one in said if "Call number" in one]) == 40
    assert "… +20" in said


def test_a_scope_that_is_missing_is_named(
    slack: SlackChannel, sandbox: Sandbox, fresh: Control
):
    fresh.post(
        "slack/tokens", token="xoxb-few", scopes=["users:read.email", "im:write"]
    )
    few = open_slack(token="xoxb-few", api_url=sandbox.slack_url, allow_private=True)
    with pytest.raises(Permanent) as refused:
        few.send(a_message())
    assert getattr(refused.value, "missing", ()) == ("chat:write",)
    lacking = [line.what for line in few.probe().lines if not line.is_ok]
    assert [what.split(": ")[0] for what in lacking] == [
        "chat:write",
        "im:history",
        "users:read",
    ]
    assert slack.texts(REP) == []


def test_people_whom_slack_does_not_know_are_told_in_the_default_channel(
    sandbox: Sandbox, fresh: Control
):
    notifier = open_slack(
        token=sandbox.slack_token,
        api_url=sandbox.slack_url,
        allow_private=True,
        default_channel="#general",
    )
    notifier.send(a_message(to=STRANGER))
    [posted] = fresh.get("slack/messages", to="#general")["messages"]
    assert STRANGER in json.dumps(posted["blocks"])


def test_a_private_address_is_refused_unless_allowed(
    sandbox: Sandbox, clock: FrozenClock
):
    with pytest.raises(Permanent):
        open_slack(token="x", api_url=sandbox.slack_url)
    notifier = open_mail(
        host="127.0.0.1", port=sandbox.smtp_port, sender="s@acme.example", clock=clock
    )
    with pytest.raises(Permanent):
        notifier.send(a_message())


def test_slack_is_sent_nothing_by_a_name_that_leads_into_a_private_network():
    with socket.create_server(("127.0.0.1", 0)) as server:
        # No address by the looks of it, and yet this machine's.
        url = f"https://127.1:{server.getsockname()[1]}"
        with pytest.raises(Permanent, match="private network"):
            open_slack(token="x", api_url=url).send(a_message(to="U0123456"))
        peer, _ = server.accept()
        with peer:
            assert peer.recv(1) == b""


def test_the_manifest_asks_for_the_scopes_that_are_used():
    text = resources.files("adapters.slack").joinpath("manifest.json").read_text()
    asked = json.loads(text)["oauth_config"]["scopes"]["bot"]
    assert set(asked) == set(SCOPES)


def test_a_mail_is_encrypted_and_recognisable(mail: MailChannel):
    mail.notifier.send(a_message(thread="clock-7"))
    mail.notifier.send(a_message(thread="clock-7"))
    first, again = mail.mails(REP)
    assert first["is_encrypted"]
    assert first["username"] == "slagboom"
    assert first["subject"] == "Reminder: call Acmé"
    headers = first["headers"]
    assert headers["From"] == "Slagboom <slagboom@acme.example>"
    assert headers["Message-ID"] == again["headers"]["Message-ID"]
    assert headers["References"] != headers["Message-ID"]
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Date"].startswith("Tue, 01 Dec 2026 12:00:00")


def test_nothing_that_a_customer_wrote_becomes_a_header_or_markup(mail: MailChannel):
    mail.notifier.send(
        a_message(
            subject="Acme\r\nBcc: victim@example.com",
            lines=("<script>alert(1)</script>\r\n.\r\nMAIL FROM:<x@example.com>",),
            items=(Item("<script>alert(2)</script>", "javascript:alert(2)"),),
            link="javascript:alert(1)",
        )
    )
    [found] = mail.mails(REP)
    assert "Bcc" not in found["headers"]
    assert found["recipients"] == [REP]
    assert found["subject"] == "Acme Bcc: victim@example.com"
    assert "<script>" not in found["html"]
    assert "href" not in found["html"]
    assert "\r\n.\r\n" in found["text"]


@pytest.mark.parametrize(
    "to",
    [
        "a@example.com, b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com> RCPT TO:<b@example.com",
        "Anna <a@example.com>",
        "nobody",
        "@example.com",
        "",
    ],
)
def test_what_is_not_one_address_is_refused(mail: MailChannel, to: str):
    with pytest.raises(Permanent):
        mail.notifier.send(a_message(to=to))
    assert mail.mails("") == []


def test_a_server_whose_certificate_is_not_trusted_gets_no_password(
    mail: MailChannel,
):
    with pytest.raises(OutsideError) as refused:
        mail.open("s3cret", trusts=False).send(a_message())
    assert "certificate" in str(refused.value)
    assert mail.mails(REP) == []


def test_encryption_that_is_required_and_not_offered_ends_it(
    mail: MailChannel, fresh: Control
):
    fresh.post("mail/settings", starttls="off")
    with pytest.raises(Permanent):
        mail.notifier.send(a_message())
    assert mail.mails(REP) == []


def test_no_error_quotes_what_the_server_said(mail: MailChannel, fresh: Control):
    fresh.post("mail/trouble", at="data", answer=f"554 5.7.1 <{REP}> s3cret is spam")
    with pytest.raises(Permanent) as refused:
        mail.notifier.send(a_message())
    assert REP not in str(refused.value)
    assert "554 5.7.1" in str(refused.value)
