"""What must be known of an account or a channel, and what is wrong with an answer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from connector.errors import ConfigError


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


def number(text: str) -> str:
    """Return the digits of an account's or app's number."""
    if not re.fullmatch(r"[0-9]{1,19}", text):
        raise ValueError(f"{text!r} is not a number")
    return text


def web_address(text: str) -> str:
    """Return a web address without a slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{text!r} is not a web address such as https://host")
    return text.rstrip("/")
