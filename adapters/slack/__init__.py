"""Slack: messages to people, as the app's bot."""

from datetime import timedelta

from adapters.http import check_address
from adapters.ports import Notifier

__all__ = ["API_URL", "open_notifier"]

API_URL = "https://slack.com/api"


def open_notifier(
    *,
    token: str,
    api_url: str = API_URL,
    default_channel: str | None = None,
    allow_private: bool = False,
    timeout: timedelta = timedelta(seconds=10),
) -> Notifier:
    """Return a notifier for the workspace of a bot token; nothing is asked yet.

    People whom Slack does not know are told in `default_channel`, if there is one.
    Raises Permanent if the address is not allowed.
    """
    address = check_address(api_url, allow_private=allow_private)
    # Here, so that a process that sends nothing does not load the SDK.
    from adapters.slack.guarding import make_context  # noqa: PLC0415
    from adapters.slack.notifier import SlackNotifier, make_client  # noqa: PLC0415

    context = make_context(allow_private=allow_private)
    client = make_client(token, address, timeout, context)
    return SlackNotifier(client, default_channel)
