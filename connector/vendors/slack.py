"""Slack: what it needs to know, and how to open it."""

from datetime import timedelta
from typing import TYPE_CHECKING

from connector.vendors.options import Option, web_address
from connector.vendors.vendor import ChannelVendor, Means, Texts

if TYPE_CHECKING:
    from adapters.ports import Notifier

_API_TIMEOUT = timedelta(seconds=10)


def _open_notifier(settings: Texts, secrets: Texts, means: Means) -> "Notifier":
    from adapters.slack import open_notifier  # noqa: PLC0415

    return open_notifier(
        token=secrets["token"],
        api_url=settings["api_url"],
        default_channel=settings.get("default_channel") or None,
        allow_private=means.allow_private,
        timeout=_API_TIMEOUT,
    )


SLACK = ChannelVendor(
    key="slack",
    title="Slack",
    options=(
        Option("token", "The bot token (xoxb-...).", is_secret=True),
        Option(
            "signing_secret",
            "The app's signing secret, for buttons.",
            is_secret=True,
            is_required=False,
        ),
        Option(
            "api_url",
            "Where the API is.",
            default="https://slack.com/api",
            check=web_address,
        ),
        Option(
            "default_channel",
            "The channel for people whom Slack does not know by their address.",
            is_required=False,
        ),
    ),
    open_notifier=_open_notifier,
)
