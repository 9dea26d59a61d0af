import smtplib
import ssl
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from adapters.sandbox import Sandbox
from tests.sandbox.kit import REP, Control


def message(subject: str = "Call Acme") -> EmailMessage:
    made = EmailMessage()
    made["From"] = "slagboom@example.com"
    made["To"] = REP
    made["Subject"] = subject
    made["Message-ID"] = "<k1@slagboom>"
    made.set_content("Acme heeft al drie dagen niets gehoord.\n")
    made.add_alternative("<p>Acme heeft niets gehoord.</p>", subtype="html")
    return made


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=30) as made:
        yield made


def test_a_message_is_kept_parsed(client: smtplib.SMTP, control: Control):
    client.send_message(message("Bel Acmé"))
    [found] = control.get("mail/messages", to=REP)["messages"]
    assert found["subject"] == "Bel Acmé"
    assert found["sender"] == "slagboom@example.com"
    assert found["headers"]["Message-ID"] == "<k1@slagboom>"
    assert "drie dagen" in found["text"]
    assert found["html"].startswith("<p>")
    assert found["is_encrypted"] is False


def test_nothing_but_what_is_asked_for_is_offered(client: smtplib.SMTP):
    client.ehlo()
    assert not client.has_extn("auth")
    assert not client.has_extn("starttls")


def test_a_login_is_asked_for_when_there_is_one(sandbox: Sandbox, control: Control):
    control.post("mail/settings", username="rob", password="pw")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=30) as client:
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            client.send_message(message())
        assert refused.value.smtp_code == 530
    with (
        smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=30) as client,
        pytest.raises(smtplib.SMTPAuthenticationError),
    ):
        client.login("rob", "wrong")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=30) as client:
        client.login("rob", "pw")
        client.send_message(message())
    [found] = control.get("mail/messages")["messages"]
    assert found["username"] == "rob"


def test_a_connection_can_be_encrypted_with_the_sandboxs_own_certificate(
    sandbox: Sandbox, control: Control
):
    control.post("mail/settings", starttls="required")
    pem = control.get("mail/certificate")["pem"]
    with (
        smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=30) as client,
        pytest.raises(smtplib.SMTPException),
    ):
        client.send_message(message())
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=30) as client:
        client.starttls(context=ssl.create_default_context(cadata=pem))
        client.send_message(message())
    [found] = control.get("mail/messages")["messages"]
    assert found["is_encrypted"] is True


def test_a_recipient_can_be_refused_for_ever(client: smtplib.SMTP, control: Control):
    control.post(
        "mail/trouble",
        at="rcpt",
        to="rep@*",
        answer="550 5.1.1 No such user",
        count=None,
    )
    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.send_message(message())
        assert refused.value.recipients[REP][0] == 550


def test_a_message_can_be_put_off_once(client: smtplib.SMTP, control: Control):
    control.post("mail/trouble", at="data", answer="451 4.3.0 Try again later")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        client.send_message(message())
    assert refused.value.smtp_code == 451
    assert control.get("mail/messages")["messages"] == []
    client.send_message(message())
    assert len(control.get("mail/messages")["messages"]) == 1


@pytest.mark.parametrize("kept", [1, 0])
def test_the_answer_to_a_message_can_be_lost(
    client: smtplib.SMTP, control: Control, kept: int
):
    control.post("mail/trouble", at="data", drop=True, keep=bool(kept))
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.send_message(message())
    assert len(control.get("mail/messages")["messages"]) == kept


def test_a_session_can_be_turned_away_and_connections_refused(
    sandbox: Sandbox, control: Control
):
    control.post("mail/trouble", at="connect", answer="421 4.3.2 Not now")
    with pytest.raises(smtplib.SMTPConnectError):
        smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=30)
    control.post("mail/refuse")
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=30)
    control.post("mail/refuse", refusing=False)
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=30) as client:
        client.send_message(message())
    assert len(control.get("mail/messages")["messages"]) == 1
