"""The mail server: an event loop in a thread, settings that hold from the next call."""

import asyncio
import datetime as dt
import email
import email.policy
import fnmatch
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from adapters.sandbox.clock import Clock
from adapters.sandbox.mail import certificate

Json = dict[str, Any]

STEPS = ("connect", "mail", "rcpt", "data")
_LARGEST = 10_000_000


@dataclass(slots=True)
class Settings:
    """`username` empty: no AUTH is offered. `starttls`: off, offered or required."""

    username: str = ""
    password: str = ""
    starttls: str = "off"

    def change(self, raw: Mapping[str, Any]) -> None:
        """Set what is named; raises ValueError for what is unknown."""
        for name, value in raw.items():
            if name not in type(self).__dataclass_fields__:
                raise ValueError(f"no setting {name!r} of the mail server")
            setattr(self, name, str(value))
        if self.starttls not in {"off", "offered", "required"}:
            raise ValueError("starttls is off, offered or required")


@dataclass(slots=True)
class Trouble:
    """What goes wrong at a step of a session.

    `answer` is the SMTP reply (`451 4.3.0 later`). `drop` closes the connection without
    a reply; at `data` the message is kept all the same if `keep`. `stall_ms`: the
    session stands still for so long, then ends like that. `to` is a pattern of
    addresses, for `rcpt`.
    """

    at: str
    answer: str = ""
    drop: bool = False
    keep: bool = False
    stall_ms: float = 0
    to: str = "*"
    count: int | None = 1


@dataclass(slots=True)
class Mail:
    """One message that was accepted."""

    id: int
    at: int
    sender: str
    recipients: list[str]
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    is_encrypted: bool
    username: str
    size: int


@dataclass(slots=True)
class Sink:
    """The mail server. `port` 0 takes a free one, and keeps it."""

    clock: Clock
    host: str = "127.0.0.1"
    port: int = 0
    settings: Settings = field(default_factory=Settings)
    troubles: list[Trouble] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop | None = None
    _server: asyncio.Server | None = None
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: set[asyncio.Transport] = field(default_factory=set)
    _certificate: certificate.Certificate | None = None
    _count: int = 0

    def start(self) -> None:
        """Serve in a thread of its own; raises OSError if the port is taken."""
        loop = asyncio.new_event_loop()
        self._loop = loop
        self._thread = threading.Thread(target=loop.run_forever, daemon=True)
        self._thread.start()
        self._run(self._listen())

    def stop(self) -> None:
        """Close everything and end the thread."""
        if self._loop is None or self._thread is None:
            return
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = None

    def reset(self) -> None:
        """Forget settings, troubles and messages; listen again if refusing."""
        with self._lock:
            self.settings = Settings()
            self.troubles.clear()
            self.mails.clear()
        self.refuse(refusing=False)

    def refuse(self, *, refusing: bool) -> None:
        """Stop listening so that connections are refused, or listen again."""
        if refusing and self._server is not None:
            self._run(self._close())
        elif not refusing and self._server is None:
            self._run(self._listen())

    def certificate(self) -> certificate.Certificate:
        """Return the certificate, made on first use."""
        with self._lock:
            if self._certificate is None:
                seconds = self.clock.now_ms() / 1000
                now = dt.datetime.fromtimestamp(seconds, dt.UTC)
                self._certificate = certificate.make(now)
            return self._certificate

    def plan(self, raw: Mapping[str, Any]) -> None:
        """Plan trouble: at, answer or drop, keep, stall_ms, to, count."""
        if unknown := set(raw) - set(Trouble.__dataclass_fields__):
            raise ValueError(f"trouble has no {sorted(unknown)}")
        trouble = Trouble(**dict(raw))
        is_drop = trouble.drop or trouble.stall_ms > 0
        if trouble.at not in STEPS or not (trouble.answer or is_drop):
            raise ValueError(f"trouble is at one of {STEPS}, with answer or drop")
        with self._lock:
            self.troubles.append(trouble)

    def listing(self, to: str = "") -> list[Json]:
        """Return the messages, oldest first; `to` narrows them to a recipient."""
        with self._lock:
            return [
                asdict(mail) for mail in self.mails if not to or to in mail.recipients
            ]

    def trouble_at(self, step: str, address: str = "") -> Trouble | None:
        """Return what goes wrong now, and count it."""
        with self._lock:
            for trouble in self.troubles:
                if trouble.at != step or trouble.count == 0:
                    continue
                if not fnmatch.fnmatch(address, trouble.to):
                    continue
                if trouble.count is not None:
                    trouble.count -= 1
                return trouble
        return None

    def keep(self, session: Session, envelope: Envelope) -> None:
        """Keep a message that came in."""
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        message = email.message_from_bytes(raw, policy=email.policy.default)
        login = getattr(session, "auth_data", None)
        with self._lock:
            self._count += 1
            self.mails.append(
                Mail(
                    id=self._count,
                    at=self.clock.now_ms(),
                    sender=str(envelope.mail_from or ""),
                    recipients=[str(one) for one in envelope.rcpt_tos],
                    subject=str(message.get("Subject", "")),
                    text=_part(message, "plain"),
                    html=_part(message, "html"),
                    headers={name: str(value) for name, value in message.items()},
                    is_encrypted=session.ssl is not None,
                    username=login.login.decode() if login else "",
                    size=len(raw),
                )
            )

    def _run(self, work: Any) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, self.host, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for transport in list(self._open):
            transport.abort()
        # One turn of the loop, so that the transports' sockets are closed.
        await asyncio.sleep(0)

    def _session(self) -> asyncio.Protocol:
        trouble = self.trouble_at("connect")
        if trouble is not None:
            return _Turned(trouble.answer)
        return _Smtp(self, self._open)


class _Turned(asyncio.Protocol):
    """A session that ends with its first line."""

    def __init__(self, line: str) -> None:
        self._line = line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        found = cast("asyncio.Transport", transport)
        if self._line:
            found.write(f"{self._line}\r\n".encode())
        found.close()


class _Smtp(SMTP):
    """A session with the settings of the moment, known while it is open."""

    def __init__(self, sink: Sink, known: set[asyncio.Transport]) -> None:
        settings = sink.settings
        is_tls = settings.starttls != "off"
        super().__init__(
            _Handler(sink),
            hostname="sandbox.localhost",
            ident="Sandbox",
            data_size_limit=_LARGEST,
            enable_SMTPUTF8=True,
            tls_context=sink.certificate().context if is_tls else None,
            require_starttls=settings.starttls == "required",
            auth_required=False,
            auth_require_tls=False,
            authenticator=_authenticator(settings),
            loop=asyncio.get_running_loop(),
        )
        self._known = known
        # Two of them after STARTTLS: the plain one and the encrypted one on top.
        self._own: list[asyncio.Transport] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        found = cast("asyncio.Transport", transport)
        self._own.append(found)
        self._known.add(found)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._known.difference_update(self._own)
        super().connection_lost(error)


class _Handler:
    """What happens at each step of a session; aiosmtpd calls these by name."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    async def handle_EHLO(  # noqa: N802
        self,
        _server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        if self._sink.settings.username:
            return responses
        return [line for line in responses if not line.startswith("250-AUTH")]

    async def handle_MAIL(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if self._sink.settings.username and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if (answer := self._struck(server, "mail", address)) is not None:
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self,
        server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if (answer := self._struck(server, "rcpt", address)) is not None:
            return answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        trouble = self._sink.trouble_at("data")
        if trouble is None or trouble.keep:
            self._sink.keep(session, envelope)
        if trouble is None:
            return "250 2.0.0 OK"
        if trouble.stall_ms:
            await asyncio.sleep(trouble.stall_ms / 1000)
        return _suffer(server, trouble)

    def _struck(self, server: SMTP, step: str, address: str) -> str | None:
        trouble = self._sink.trouble_at(step, address)
        return None if trouble is None else _suffer(server, trouble)


def _suffer(server: SMTP, trouble: Trouble) -> str:
    if trouble.drop or not trouble.answer:
        cast("asyncio.Transport", server.transport).abort()
        raise ConnectionResetError
    return trouble.answer


def _authenticator(settings: Settings) -> Any:
    def check(
        _server: SMTP,
        _session: Session,
        _envelope: Envelope,
        _mechanism: str,
        data: Any,
    ) -> AuthResult:
        good = (
            isinstance(data, LoginPassword)
            and data.login.decode() == settings.username
            and data.password.decode() == settings.password
        )
        return AuthResult(success=good, handled=good, auth_data=data)

    return check


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body is not None else ""
