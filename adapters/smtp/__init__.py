"""E-mail over SMTP."""

from datetime import timedelta
from typing import TYPE_CHECKING

from adapters.ports import Notifier
from adapters.smtp.tls import Tls

if TYPE_CHECKING:
    from ssl import SSLContext

    from adapters.http import Clock

__all__ = ["Tls", "open_notifier"]


def open_notifier(
    *,
    host: str,
    port: int,
    sender: str,
    clock: "Clock",
    username: str | None = None,
    password: str | None = None,
    tls: str = Tls.OFFERED,
    allow_private: bool = False,
    timeout: timedelta = timedelta(seconds=10),
    context: "SSLContext | None" = None,
) -> Notifier:
    """Return a notifier for a mail server; nothing is connected yet.

    `sender` is an address, with or without a name. `timeout` holds for each step.
    `context` says whom to trust; without it, whom this machine trusts. Raises Permanent
    for a bad sender.
    """
    # Here, so that a process that sends nothing does not load these.
    import ssl  # noqa: PLC0415

    from adapters.smtp.mapping import to_address  # noqa: PLC0415
    from adapters.smtp.notifier import SmtpNotifier  # noqa: PLC0415

    return SmtpNotifier(
        host=host,
        port=port,
        sender=to_address(sender),
        username=username,
        password=password,
        tls=Tls(tls),
        clock=clock,
        timeout=timeout,
        context=context or ssl.create_default_context(),
        allow_private=allow_private,
    )
