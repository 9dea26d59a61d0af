"""Messages as mail, and replies of a mail server as our errors. No I/O."""

import hashlib
import re
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from html import escape

from adapters.errors import NotFound, OutsideError, Permanent, Transient, Unauthorized
from adapters.ports import Message

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_PERMANENT_FROM = 500
# 530 and 534 ask for a login, 535 and 538 refuse this one: RFC 4954, section 6.
_LOGIN_CODES = frozenset({530, 534, 535, 538})


def to_address(text: str) -> Address:
    """Return an address such as `Slagboom <a@b.example>`; raises Permanent."""
    name, spec = parseaddr(text)
    address = None if _CONTROL.search(text) else _find_address(name, spec)
    if address is None:
        raise Permanent("This is not an e-mail address.", code="address")
    return address


def _find_address(name: str, spec: str) -> Address | None:
    try:
        address = Address(display_name=name, addr_spec=spec)
        domain = address.domain.encode("idna").decode()
    except (ValueError, IndexError, UnicodeError, HeaderParseError):
        return None
    if not address.username or not domain:
        return None
    return Address(name, address.username, domain)


def to_recipient(text: str) -> Address:
    """Return the one address that a message goes to; raises Permanent."""
    address = to_address(text)
    # More than one, or a name beside it, is no address of one of our people.
    if any(sign in text for sign in ",;<"):
        raise Permanent("This is not one e-mail address.", code="address")
    return address


def to_mail(
    message: Message, *, sender: Address, at: datetime, is_utf8: bool = False
) -> EmailMessage:
    """Return the message as text and simple HTML, dated `at` (UTC).

    With `is_utf8` headers hold letters as they are, which servers must agree to.

    Its Message-ID is made from the key: a repeated mail is the same mail, and many
    mailboxes then show it once.
    """
    subject = _one_line(message.subject)
    mail = EmailMessage(policy=SMTPUTF8 if is_utf8 else SMTP)
    mail["From"] = sender
    mail["To"] = to_recipient(message.to)
    mail["Subject"] = f"✓ {subject}" if message.is_settled else subject
    mail["Date"] = format_datetime(at, usegmt=True)
    mail["Message-ID"] = message_id(message.key, sender)
    if message.thread:
        mail["References"] = message_id(f"thread/{message.thread}", sender)
    # RFC 3834: no out-of-office answers, please.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_to_text(message))
    mail.add_alternative(_to_html(message, subject), subtype="html")
    return mail


def message_id(key: str, sender: Address) -> str:
    """Return the Message-ID of a key: the same for every attempt."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"<slagboom.{digest}@{sender.domain}>"


def to_error(
    code: int, text: bytes | str, *, is_recipient: bool = False
) -> OutsideError:
    """Return what a reply means. Its text is left out: servers quote addresses."""
    words = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    enhanced = _ENHANCED.search(words)
    said = f"{code} {enhanced[0]}" if enhanced else str(code)
    if code in _LOGIN_CODES:
        return Unauthorized(
            f"The mail server refused the login ({said}). Check the user name and the"
            " password.",
            code=said,
        )
    if code < _PERMANENT_FROM:
        return Transient(f"The mail server asks to try later ({said}).", code=said)
    if is_recipient:
        return NotFound(
            f"The mail server does not take mail for this address ({said}).", code=said
        )
    return Permanent(f"The mail server refused this ({said}).", code=said)


def _to_text(message: Message) -> str:
    parts = [line for line in message.lines if line.strip()]
    parts += [f"- {one.text}\n  {one.link}".rstrip() for one in message.items]
    if message.link:
        parts.append(f"{message.link_text}:\n{message.link}".removeprefix(":\n"))
    if message.footer:
        parts.append(f"-- \n{message.footer}")
    return "\n\n".join(parts) + "\n"


def _to_html(message: Message, subject: str) -> str:
    parts = [f"<p>{escape(line)}</p>" for line in message.lines if line.strip()]
    if message.items:
        listed = [f"<li>{_anchor(one.link, one.text)}</li>" for one in message.items]
        parts.append("\n".join(["<ul>", *listed, "</ul>"]))
    if _is_web(message.link):
        label = message.link_text or message.link
        parts.append(f"<p>{_anchor(message.link, label)}</p>")
    if message.footer:
        parts.append(f"<p><small>{escape(message.footer)}</small></p>")
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html><head><meta charset="utf-8">'
        f"<title>{escape(subject)}</title></head>\n<body>\n{body}\n</body></html>\n"
    )


def _anchor(link: str, text: str) -> str:
    if not _is_web(link):
        return escape(text)
    return f'<a href="{escape(link)}">{escape(text)}</a>'


def _is_web(link: str) -> bool:
    return link.lower().startswith(("https://", "http://"))


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())
