"""Settings: read once from the environment, checked, and frozen."""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from connector.errors import ConfigError

DEFAULT_HOME = Path("var")
DEFAULT_PORT = 8000
KEYS_FILE = "keys"

_KEY_BYTES = 32
_HIGHEST_PORT = 65535
_SHORTEST_SECRET = 16
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})
_NEW_KEY = (
    "python -c 'import base64, os;"
    " print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"
)


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

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Config":
        """Read the settings from `environ`.

        Without `DATABASE_URL` and `SLAGBOOM_KEYS`, a key is made in the data folder
        the first time. Raises ConfigError, which names the variable, what is wrong
        with it and what to do.
        """
        home = _read_home(environ)
        database_url = _read_database_url(environ)
        port = _read_port(environ)
        keys = _read_keys(environ, home, is_embedded=database_url is None)
        return cls(
            home=home,
            public_url=_read_public_url(
                environ, port, is_embedded=database_url is None
            ),
            port=port,
            database_url=database_url,
            redis_url=_read_redis_url(environ),
            keys=keys,
            secret_key=_read_secret_key(environ, keys),
            log_format=_read_log_format(environ),
            allow_private_addresses=_read_flag(
                environ, "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES"
            ),
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


def _read(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(name, "").strip() or None


def _read_secret(environ: Mapping[str, str], name: str) -> str | None:
    """Return the value of `name`, or the content of the file that `<name>_FILE` names.

    Raises ConfigError if both are given, or the file cannot be read or is empty.
    """
    value = _read(environ, name)
    path = _read(environ, f"{name}_FILE")
    if path is None:
        return value
    if value is not None:
        raise ConfigError(
            f"{name} and {name}_FILE are both set; keep one of them, so that it is"
            " clear which one counts."
        )
    try:
        content = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{name}_FILE names {path}, which cannot be read"
            f" ({_reason(error)}). Check the path and that this user may read it."
        ) from None
    if not content:
        raise ConfigError(
            f"{name}_FILE names {path}, which is empty. Write the value into it."
        )
    return content


def _reason(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    return "it is not text in UTF-8"


def _read_home(environ: Mapping[str, str]) -> Path:
    given = _read(environ, "SLAGBOOM_HOME")
    home = (Path(given).expanduser() if given else DEFAULT_HOME).absolute()
    if home.exists() and not home.is_dir():
        raise ConfigError(
            f"SLAGBOOM_HOME names {home}, which is a file. It must be a folder (it is"
            " made if it does not exist)."
        )
    return home


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


def _read_database_url(environ: Mapping[str, str]) -> str | None:
    url = _read_secret(environ, "DATABASE_URL")
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


def _read_redis_url(environ: Mapping[str, str]) -> str | None:
    url = _read_secret(environ, "REDIS_URL")
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


def _read_port(environ: Mapping[str, str]) -> int:
    given = _read(environ, "PORT")
    if given is None:
        return DEFAULT_PORT
    if not given.isascii() or not given.isdigit() or int(given) > _HIGHEST_PORT:
        raise ConfigError(
            f"PORT is {given[:20]!r}; it must be a whole number from 0 to"
            f" {_HIGHEST_PORT}, e.g. {DEFAULT_PORT} (0 takes any free port)."
        )
    return int(given)


def _read_public_url(
    environ: Mapping[str, str], port: int, *, is_embedded: bool
) -> str:
    url = _read(environ, "PUBLIC_URL")
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
    may_be_plain = parts.hostname in _LOOPBACK or _read_flag(
        environ, "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES"
    )
    if parts.scheme == "http" and not may_be_plain:
        raise ConfigError(
            f"PUBLIC_URL is {url!r}; outside this machine it must begin with https://,"
            " since CRMs sign what they send to exactly that address and people sign"
            " in there."
        )
    return url.rstrip("/")


def _read_keys(
    environ: Mapping[str, str], home: Path, *, is_embedded: bool
) -> tuple[str, ...]:
    given = _read_secret(environ, "SLAGBOOM_KEYS")
    if given is None and is_embedded:
        given = _find_or_make_key(home / KEYS_FILE)
    if given is None:
        raise ConfigError(
            "SLAGBOOM_KEYS is not set. It encrypts the stored tokens, and a database"
            " that outlives this machine needs a key that does too. Make one with "
            f"{_NEW_KEY} and keep it safe: without it the accounts must be connected"
            " again."
        )
    keys = tuple(part for part in re.split(r"[\s,]+", given) if part)
    for place, key in enumerate(keys, start=1):
        if not _is_key(key):
            raise ConfigError(
                f"SLAGBOOM_KEYS: key {place} of {len(keys)} is not a key, which is 32"
                " random bytes in URL-safe base64 (44 characters); several are"
                f" separated by commas, the newest first. Make one with {_NEW_KEY}."
            )
    return keys


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, altchars=b"-_", validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _find_or_make_key(path: Path) -> str:
    """Return the content of `path`, made with a fresh key if it is not there.

    Two processes that start at once end up with the same key: it is written aside and
    linked into place, which succeeds for one of them only.
    """
    try:
        if path.exists():
            return path.read_text(encoding="ascii").strip()
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        key = base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)).decode()
        with os.fdopen(
            os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
        ) as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip()
        finally:
            fresh.unlink()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"SLAGBOOM_HOME is {path.parent}, where the encryption key"
            f" cannot be kept ({_reason(error)}). Name a folder that this user may"
            " write to, or set SLAGBOOM_KEYS."
        ) from None
    return key


def _read_secret_key(environ: Mapping[str, str], keys: tuple[str, ...]) -> str:
    given = _read_secret(environ, "SECRET_KEY")
    if given is None:
        # All processes of an installation share the keys, so they all find the same.
        return hmac.new(
            keys[0].encode(), b"slagboom sessions and links", hashlib.sha256
        ).hexdigest()
    if len(given) < _SHORTEST_SECRET:
        raise ConfigError(
            f"SECRET_KEY has {len(given)} characters; with fewer than"
            f" {_SHORTEST_SECRET} sessions and links could be forged. Use a long"
            " random text, or leave it out: it is then derived from SLAGBOOM_KEYS."
        )
    return given


def _read_log_format(environ: Mapping[str, str]) -> LogFormat:
    given = _read(environ, "LOG_FORMAT")
    if given is None:
        return LogFormat.CONSOLE
    try:
        return LogFormat(given.lower())
    except ValueError:
        raise ConfigError(
            f"LOG_FORMAT is {given[:20]!r}; it must be json or console."
        ) from None


def _read_flag(environ: Mapping[str, str], name: str) -> bool:
    given = (_read(environ, name) or "0").lower()
    if given not in _YES | _NO:
        raise ConfigError(f"{name} is {given[:20]!r}; it must be 1 or 0.")
    return given in _YES
