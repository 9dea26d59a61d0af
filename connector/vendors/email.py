"""E-mail: what it needs to know, and how to open it."""

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from connector.vendors.options import Option
from connector.vendors.vendor import ChannelVendor, Means, Texts

if TYPE_CHECKING:
    from adapters.ports import Notifier


def _open_notifier(settings: Texts, secrets: Texts, means: Means) -> "Notifier":
    from adapters.smtp import open_notifier  # noqa: PLC0415

    url = urlsplit(secrets["smtp_url"])
    is_implicit = url.scheme == "smtps"
    return open_notifier(
        host=url.hostname or "",
        port=url.port or (465 if is_implicit else 587),
        sender=settings["from"],
        clock=means.clock,
        username=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
        tls="implicit" if is_implicit else "offered",
        allow_private=means.allow_private,
    )


def _mail_address(text: str) -> str:
    if not re.fullmatch(r"(?:[^<>@\s][^<>@]*<)?[^<>@\s]+@[^<>@\s]+>?", text.strip()):
        raise ValueError(f"{text!r} is not an e-mail address")
    return text.strip()


def _smtp_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError(
            "it must look like smtp://user:password@host:587, or smtps:// for TLS from"
            " the first byte"
        )
    return text


EMAIL = ChannelVendor(
    key="email",
    title="E-mail",
    options=(
        Option(
            "smtp_url",
            "The mail server: smtp://user:password@host:587, or smtps://.",
            is_secret=True,
            check=_smtp_address,
        ),
        Option("from", "The sender's address.", check=_mail_address),
    ),
    open_notifier=_open_notifier,
)
