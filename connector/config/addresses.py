"""Addresses: of the database, of Redis, and of Slagboom itself.

No error text repeats an address that may hold a password.
"""

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from connector.config.variables import read, read_flag, read_secret
from connector.errors import ConfigError

DEFAULT_PORT = 8000
_HIGHEST_PORT = 65535
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this machine that mean it wherever they are read."""
SECRET_PLACE = "<webhook-secret>"  # noqa: S105 - where one goes
"""Stands in an address where its secret goes: that one is never shown."""


def read_database_url(environ: Mapping[str, str]) -> str | None:
    """Return DATABASE_URL in SQLAlchemy's form; raises ConfigError."""
    url = read_secret(environ, "DATABASE_URL")
    if url is None:
        return None
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {
        "postgres",
        "postgresql",
        "postgresql+psycopg",
    }:
        raise ConfigError(
            "DATABASE_URL must begin with postgresql:// (or postgres://), since"
            f" Slagboom keeps everything in PostgreSQL; it begins with"
            f" {scheme[:20] + separator if separator else 'something else'}."
            " Leave it out to use the embedded server."
        )
    parts = _split("DATABASE_URL", f"postgresql://{rest}")
    if not parts.path.strip("/") and "dbname=" not in parts.query:
        raise ConfigError(
            "DATABASE_URL names no database; its end must be /<name of the database>."
        )
    return f"postgresql+psycopg://{rest}"


def read_redis_url(environ: Mapping[str, str]) -> str | None:
    """Return REDIS_URL in the form of redis-py; raises ConfigError."""
    url = read_secret(environ, "REDIS_URL")
    if url is None:
        return None
    # Valkey's own names for the same protocol, which redis-py does not know.
    url = re.sub(r"^valkey(s?)://", r"redis\1://", url)
    parts = _split("REDIS_URL", url)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise ConfigError(
            "REDIS_URL must begin with redis://, rediss:// (with TLS) or unix://."
            " Leave it out to use the embedded server."
        )
    if not parts.hostname and parts.scheme != "unix":
        raise ConfigError("REDIS_URL names no host; redis://<host>:6379/0 would.")
    return url


def is_loopback(url: str) -> bool:
    """Say whether a checked address leads no further than this machine."""
    return urlsplit(url).hostname in LOOPBACK


def read_port(environ: Mapping[str, str]) -> int:
    """Return PORT; raises ConfigError."""
    given = read(environ, "PORT")
    if given is None:
        return DEFAULT_PORT
    if not given.isascii() or not given.isdigit() or int(given) > _HIGHEST_PORT:
        raise ConfigError(
            f"PORT is {given[:20]!r}; it must be a whole number from 0 to"
            f" {_HIGHEST_PORT}, e.g. {DEFAULT_PORT} (0 takes any free port)."
        )
    return int(given)


def read_public_url(environ: Mapping[str, str], port: int, *, is_embedded: bool) -> str:
    """Return PUBLIC_URL without a slash at its end; raises ConfigError."""
    url = read(environ, "PUBLIC_URL")
    if url is None:
        if is_embedded:
            return f"http://127.0.0.1:{port}"
        raise ConfigError(
            "PUBLIC_URL is not set; it must be the https address at which the CRM can"
            " reach Slagboom, e.g. https://slagboom.example.com."
        )
    parts = _split("PUBLIC_URL", url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(
            f"PUBLIC_URL is {url!r}, which is no web address; it must look like"
            " https://slagboom.example.com."
        )
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ConfigError(
            "PUBLIC_URL must end after its host or path: a user, a question mark or a"
            " # in it cannot be kept when paths are added."
        )
    may_be_plain = parts.hostname in LOOPBACK or read_flag(
        environ, "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES"
    )
    if parts.scheme == "http" and not may_be_plain:
        raise ConfigError(
            f"PUBLIC_URL is {url!r}; outside this machine it must begin with https://,"
            " since CRMs sign what they send to exactly that address and people sign"
            " in there."
        )
    return url.rstrip("/")


def _split(name: str, url: str) -> SplitResult:
    """Take an address apart; the error leaves it out, since it may hold a password."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - it is reading it that checks it
    except ValueError:
        raise ConfigError(
            f"{name} is no address that can be read (its host or its port is"
            " malformed). Check it for stray characters; those of a password must be"
            " percent-encoded."
        ) from None
    return parts
