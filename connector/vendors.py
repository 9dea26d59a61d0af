"""The vendors: the one place that names them, what they need to know, how to open them.

Their libraries are loaded when something is opened, not when this is: `slagboom --help`
and the web process need none of them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from connector.clock import Clock
from connector.errors import ConfigError

if TYPE_CHECKING:
    from redis import Redis

    from adapters.ports import ChangeSource, Crm, Notifier

Texts = Mapping[str, str]

PREVIOUS = "previous_"
"""Put before the name of a rotated secret: the one that was valid before it."""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that must be known of an account or a channel.

    A secret is read from a file, from standard input or from a variable. `check`
    returns the text as it is kept, or raises ValueError with what is wrong.
    """

    name: str
    help: str
    is_secret: bool = False
    is_required: bool = True
    default: str | None = None
    choices: tuple[str, ...] = ()
    check: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """What a vendor may use of ours."""

    clock: Clock
    redis: "Redis"
    allow_private: bool


@dataclass(frozen=True, slots=True)
class CrmVendor:
    """A CRM that can be connected. `rotated` names the secret that has a predecessor.

    `example` is how it is connected; `after` says what is to be done at the vendor,
    with `{webhook}` for the address.
    """

    key: str
    title: str
    options: tuple[Option, ...]
    open_crm: Callable[[str, Texts, Texts, Means], "Crm"]
    open_source: Callable[[Texts, Texts, str | None], "ChangeSource"]
    example: str
    after: tuple[str, ...] = ()
    rotated: tuple[str, ...] = ()

    def rotate(self, before: Texts, after: Texts) -> Texts:
        """Return the secrets to keep: what was replaced stays valid beside its heir.

        The vendor may go on signing with the former one for a while.
        """
        kept = dict(after)
        for name in self.rotated:
            former = before.get(name)
            if former == after.get(name):
                former = before.get(PREVIOUS + name)
            if former is not None:
                kept[PREVIOUS + name] = former
        return kept


@dataclass(frozen=True, slots=True)
class ChannelVendor:
    """A way to reach people."""

    key: str
    title: str
    options: tuple[Option, ...]
    open_notifier: Callable[[Texts, Texts, Means], "Notifier"]
    defaults: Texts = field(default_factory=dict)


_API_TIMEOUT = timedelta(seconds=10)


def _number(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,19}", text):
        raise ValueError(f"{text!r} is not a number")
    return text


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{text!r} is not a web address such as https://host")
    return text.rstrip("/")


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


def _open_hubspot(name: str, settings: Texts, secrets: Texts, means: Means) -> "Crm":
    from adapters.budget import RedisBudget  # noqa: PLC0415
    from adapters.hubspot import open_crm  # noqa: PLC0415

    return open_crm(
        token=secrets["token"],
        portal_id=settings["portal_id"],
        app_id=_app_id(settings),
        api_url=settings["api_url"],
        api_version=settings["api_version"],
        budget=RedisBudget(means.redis, f"hubspot:{settings['portal_id']}:{name}"),
        clock=means.clock,
        allow_private=means.allow_private,
    )


def _open_hubspot_source(
    settings: Texts, secrets: Texts, _secret: str | None
) -> "ChangeSource":
    from adapters.hubspot import open_source  # noqa: PLC0415

    known = [secrets["webhook_secret"], secrets.get(PREVIOUS + "webhook_secret", "")]
    return open_source(
        secrets=[secret for secret in known if secret],
        portal_id=settings["portal_id"],
        app_id=_app_id(settings),
        has_leads=settings.get("leads") != "contacts",
    )


def _app_id(settings: Texts) -> int | None:
    return int(settings["app_id"]) if settings.get("app_id") else None


def _open_slack(settings: Texts, secrets: Texts, means: Means) -> "Notifier":
    from adapters.slack import open_notifier  # noqa: PLC0415

    return open_notifier(
        token=secrets["token"],
        api_url=settings["api_url"],
        default_channel=settings.get("default_channel") or None,
        allow_private=means.allow_private,
        timeout=_API_TIMEOUT,
    )


def _open_email(settings: Texts, secrets: Texts, means: Means) -> "Notifier":
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


CRMS: Mapping[str, CrmVendor] = {
    "hubspot": CrmVendor(
        key="hubspot",
        title="HubSpot",
        options=(
            Option(
                "token",
                "The access token of the private app, or the static token of the"
                " project's app.",
                is_secret=True,
            ),
            Option(
                "webhook_secret",
                "The app's client secret, with which HubSpot signs its webhooks.",
                is_secret=True,
            ),
            Option("portal_id", "The account's number (Hub ID).", check=_number),
            Option(
                "app_id",
                "The app's number. With it Slagboom knows its own changes.",
                is_required=False,
                check=_number,
            ),
            Option(
                "leads",
                "What a lead is in this account: the leads object, or a contact by its"
                " lifecycle stage.",
                default="objects",
                choices=("objects", "contacts"),
            ),
            Option(
                "api_url",
                "Where the API is.",
                default="https://api.hubapi.com",
                check=_web_address,
            ),
            Option(
                "api_version",
                "The version of HubSpot's paths.",
                default="2026-03",
                choices=("v3", "2026-03", "2026-09"),
            ),
        ),
        open_crm=_open_hubspot,
        open_source=_open_hubspot_source,
        example=(
            "slagboom connect hubspot acme --token-file token.txt"
            " --webhook-secret-file secret.txt --portal-id 12345678"
        ),
        rotated=("webhook_secret",),
        after=(
            "In HubSpot, have the app send its webhooks to {webhook}",
            "and subscribe it to creation, deletion, merge, restore and the property",
            "changes of deals (and of leads, where a policy follows those).",
        ),
    ),
}

CHANNELS: Mapping[str, ChannelVendor] = {
    "slack": ChannelVendor(
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
                check=_web_address,
            ),
            Option(
                "default_channel",
                "The channel for people whom Slack does not know by their address.",
                is_required=False,
            ),
        ),
        open_notifier=_open_slack,
    ),
    "email": ChannelVendor(
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
        open_notifier=_open_email,
    ),
}


def check_options(
    options: tuple[Option, ...], given: Mapping[str, str | None]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the settings and the secrets among what was given, checked.

    Raises ConfigError, which names the option and what is wrong with it.
    """
    settings: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for option in options:
        text = (given.get(option.name) or option.default or "").strip()
        flag = "--" + option.name.replace("_", "-")
        if not text:
            if option.is_required:
                raise ConfigError(f"{flag} is missing. {option.help}")
            continue
        if option.choices and text not in option.choices:
            raise ConfigError(f"{flag} must be one of {', '.join(option.choices)}.")
        if option.check is not None:
            try:
                text = option.check(text)
            except ValueError as error:
                raise ConfigError(f"{flag}: {error}. {option.help}") from None
        (secrets if option.is_secret else settings)[option.name] = text
    return settings, secrets
