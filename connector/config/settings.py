"""Every setting of an installation, in one frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from connector.config.addresses import (
    read_database_url,
    read_port,
    read_public_url,
    read_redis_url,
)
from connector.config.keys import read_keys, read_page_key, read_secret_key
from connector.config.variables import read, read_flag, read_number
from connector.errors import ConfigError

DEFAULT_HOME = Path("var")
DEFAULT_LEASE = timedelta(seconds=60)
_LONGEST_LEASE = timedelta(hours=1)


class LogFormat(StrEnum):
    """How log lines are written."""

    JSON = "json"
    CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the database and Redis are, in the forms that their clients want."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting of an installation. A `None` address means: embedded, in `home`."""

    home: Path
    """Data folder of the embedded servers, absolute."""
    public_url: str
    """Where CRM, Slack and people reach the pages; without a slash at the end."""
    port: int
    """Where the web process listens."""
    database_url: str | None = field(repr=False)
    """SQLAlchemy's form, `postgresql+psycopg://...`."""
    redis_url: str | None = field(repr=False)
    """`redis://`, `rediss://` or `unix://`."""
    keys: tuple[str, ...] = field(repr=False)
    """Fernet keys that seal stored secrets: the newest, which seals, comes first."""
    secret_key: str = field(repr=False)
    """Signs sessions and links."""
    log_format: LogFormat
    allow_private_addresses: bool
    """Whether a CRM, a proxy or a mail server may live at a private address."""
    page_key: str | None = field(default=None, repr=False)
    """Opens the pages to those who are not on this machine; None: nobody."""
    lease: timedelta = DEFAULT_LEASE
    """How long a worker may be silent before others take over what it holds.

    A shorter one than a CRM takes to answer (30 s at most) lets two workers do the
    same: then what a slow CRM does late may be there twice.
    """

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Config":
        """Read the settings from `environ`.

        Without `DATABASE_URL` and `SLAGBOOM_KEYS`, a key is made in the data folder
        the first time. Raises ConfigError, which names the variable, what is wrong
        with it and what to do.
        """
        home = _read_home(environ)
        database_url = read_database_url(environ)
        port = read_port(environ)
        keys = read_keys(environ, home, is_embedded=database_url is None)
        return cls(
            home=home,
            public_url=read_public_url(environ, port, is_embedded=database_url is None),
            port=port,
            database_url=database_url,
            redis_url=read_redis_url(environ),
            keys=keys,
            secret_key=read_secret_key(environ, keys),
            log_format=_read_log_format(environ),
            allow_private_addresses=read_flag(
                environ, "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES"
            ),
            page_key=read_page_key(environ),
            lease=_read_lease(environ),
        )

    @property
    def is_embedded(self) -> bool:
        """Whether a server of our own is needed."""
        return self.database_url is None or self.redis_url is None

    def urls(self) -> Urls:
        """Return the two addresses; raises ConfigError if either is embedded."""
        for name, value in (
            ("DATABASE_URL", self.database_url),
            ("REDIS_URL", self.redis_url),
        ):
            if value is None:
                raise ConfigError(
                    f"{name} is not set, and this process does not start servers of"
                    f" its own. Set {name}, or run `slagboom up`, which starts the"
                    " embedded ones."
                )
        assert self.database_url is not None
        assert self.redis_url is not None
        return Urls(self.database_url, self.redis_url)


def _read_home(environ: Mapping[str, str]) -> Path:
    given = read(environ, "SLAGBOOM_HOME")
    home = (Path(given).expanduser() if given else DEFAULT_HOME).absolute()
    if home.exists() and not home.is_dir():
        raise ConfigError(
            f"SLAGBOOM_HOME names {home}, which is a file. It must be a folder (it is"
            " made if it does not exist)."
        )
    return home


def _read_lease(environ: Mapping[str, str]) -> timedelta:
    seconds = read_number(
        environ,
        "SLAGBOOM_LEASE_SECONDS",
        default=round(DEFAULT_LEASE.total_seconds()),
        least=1,
        most=round(_LONGEST_LEASE.total_seconds()),
    )
    return timedelta(seconds=seconds)


def _read_log_format(environ: Mapping[str, str]) -> LogFormat:
    given = read(environ, "LOG_FORMAT")
    if given is None:
        return LogFormat.CONSOLE
    try:
        return LogFormat(given.lower())
    except ValueError:
        raise ConfigError(
            f"LOG_FORMAT is {given[:20]!r}; it must be json or console."
        ) from None
