"""The notifier over SMTP: one connection for each mail, encrypted where it can be."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from email.headerregistry import Address

from adapters.errors import OutsideError, Permanent, Transient, Unanswered
from adapters.http import Clock, is_public
from adapters.ports import Message, Probe, ProbeLine, Sent
from adapters.smtp.mapping import to_error, to_mail, to_recipient
from adapters.smtp.tls import Tls

_OK = 250
_ALSO_OK = 251


class SmtpNotifier:
    """Sends mail through one server. Safe to use from several threads."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        sender: Address,
        username: str | None,
        password: str | None,
        tls: Tls,
        clock: Clock,
        timeout: timedelta,
        context: ssl.SSLContext,
        allow_private: bool,
    ) -> None:
        """Keep the way to the server; see `open_notifier`."""
        self._host = host
        self._port = port
        self._sender = sender
        self._username = username
        self._password = password
        self._tls = tls
        self._clock = clock
        self._timeout = timeout.total_seconds()
        self._context = context
        self._allow_private = allow_private

    def send(self, message: Message) -> Sent:
        """Hand the mail to the server. Unanswered if that ended before its reply."""
        recipient = to_recipient(message.to)
        with self._session() as client:
            is_ascii = (recipient.addr_spec + self._sender.addr_spec).isascii()
            if not is_ascii and not client.has_extn("smtputf8"):
                raise Permanent(
                    "The mail server takes no addresses with such letters.",
                    code="smtputf8",
                )
            at = self._clock.now()
            mail = to_mail(message, sender=self._sender, at=at, is_utf8=not is_ascii)
            options = [] if is_ascii else ["SMTPUTF8", "BODY=8BITMIME"]
            code, text = client.mail(self._sender.addr_spec, options)
            if code != _OK:
                raise to_error(code, text)
            code, text = client.rcpt(recipient.addr_spec)
            if code not in {_OK, _ALSO_OK}:
                raise to_error(code, text, is_recipient=True)
            _hand_over(client, mail.as_bytes())
        return Sent({"message_id": str(mail["Message-ID"])})

    def find(self, message: Message) -> Sent | None:  # noqa: ARG002 - the port's
        """Return None: a mail server cannot tell what it has taken.

        A mail whose answer was lost is therefore sent again: at least once. RFC 5321,
        section 6.1 and RFC 1047 ask the same of every mail server, a reminder that got
        lost is the very thing we are here to prevent, and the copy has the same
        Message-ID, so that many mailboxes drop it.
        """
        return None

    def update(self, sent: Sent, message: Message) -> None:
        """Do nothing: a mail cannot be replaced, and another one would only disturb."""

    def probe(self) -> Probe:
        """Connect, encrypt, log in and offer our address as a sender."""
        account = f"{self._sender.addr_spec} ({self._host}:{self._port})"
        what = "connection and login"
        try:
            with self._session() as client:
                is_encrypted = isinstance(client.sock, ssl.SSLSocket)
                what = "sender"
                code, text = client.mail(self._sender.addr_spec)
                client.rset()
                if code != _OK:
                    raise to_error(code, text)
        except OutsideError as error:
            return Probe(account, (ProbeLine(what, is_ok=False, message=str(error)),))
        message = "encrypted" if is_encrypted else "not encrypted"
        return Probe(
            account,
            (
                ProbeLine("connection and login", is_ok=True, message=message),
                ProbeLine("sender", is_ok=True),
            ),
        )

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """Open a session in which a lost connection is Transient, and end it."""
        try:
            client = self._connect()
            try:
                self._greet(client)
                yield client
            finally:
                # The mail is taken or not by now: how we part changes nothing.
                with suppress(OSError, smtplib.SMTPException):
                    client.quit()
                client.close()
        except smtplib.SMTPResponseException as error:
            raise to_error(error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPNotSupportedError:
            raise Permanent(
                f"{self._host} offers no way to log in that is known here, or lacks"
                " something else that is needed."
            ) from None
        except ssl.SSLCertVerificationError:
            # Others renew it, and mail has to wait for that rather than to fail, as
            # between mail servers: RFC 8461, section 5.
            raise Transient(
                f"The certificate of {self._host} is not trusted, so nothing was sent."
                " Use the name that stands in it, or have the server renew it."
            ) from None
        except (OSError, smtplib.SMTPException):
            raise Transient(
                f"The mail server {self._host} cannot be reached, or hung up."
            ) from None

    def _connect(self) -> smtplib.SMTP:
        # The name we greet with is the sender's domain: asking the machine for its own
        # may take the resolver seconds.
        domain = self._sender.domain
        if self._tls is Tls.IMPLICIT:
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                local_hostname=domain, timeout=self._timeout, context=self._context
            )
        else:
            client = smtplib.SMTP(local_hostname=domain, timeout=self._timeout)
        # smtplib checks certificates against the name it was made with.
        client._host = self._host  # type: ignore[attr-defined]  # noqa: SLF001
        code, text = client.connect(self._host, self._port)
        if code != 220:  # noqa: PLR2004 - the greeting of RFC 5321
            client.close()
            raise to_error(code, text)
        return client

    def _greet(self, client: smtplib.SMTP) -> None:
        assert client.sock is not None
        peer = str(client.sock.getpeername()[0])
        if not self._allow_private and not is_public(peer):
            raise Permanent(
                f"{self._host} is in a private network. Set"
                " SLAGBOOM_ALLOW_PRIVATE_ADDRESSES=1 if that is intended."
            )
        client.ehlo_or_helo_if_needed()
        is_encrypted = self._tls is Tls.IMPLICIT
        if not is_encrypted and client.has_extn("starttls"):
            client.starttls(context=self._context)
            client.ehlo_or_helo_if_needed()
            is_encrypted = True
        if self._tls is Tls.REQUIRED and not is_encrypted:
            raise Permanent(f"{self._host} offers no encryption, and it is required.")
        if self._username is None:
            return
        if not is_encrypted and not _is_this_machine(peer):
            raise Permanent(
                f"{self._host} offers no encryption, so the password was not sent."
                " Use smtps:// or a server with STARTTLS."
            )
        if not client.has_extn("auth"):
            raise Permanent(
                f"{self._host} takes no login; leave user and password out."
            )
        client.login(self._username, self._password or "")


def _hand_over(client: smtplib.SMTP, content: bytes) -> None:
    try:
        code, text = client.data(content)
    except smtplib.SMTPDataError as error:
        raise to_error(error.smtp_code, error.smtp_error) from None
    except (OSError, smtplib.SMTPServerDisconnected):
        raise Unanswered(
            "The mail server hung up before it said whether it took the mail."
        ) from None
    if code != _OK:
        raise to_error(code, text)


def _is_this_machine(address: str) -> bool:
    with suppress(OSError):
        return socket.inet_pton(socket.AF_INET, address)[0] == 127  # noqa: PLR2004
    return address == "::1"
