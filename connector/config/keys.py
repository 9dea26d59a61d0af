"""Keys: those that seal stored secrets, and the one that signs sessions and links."""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from pathlib import Path

from connector.config.variables import read_secret, to_reason
from connector.errors import ConfigError

KEYS_FILE = "keys"
"""Where the data folder keeps the key that was made for it."""

_KEY_BYTES = 32
_SHORTEST_SECRET = 16
_NEW_KEY = (
    "python -c 'import base64, os;"
    " print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"
)


def read_keys(
    environ: Mapping[str, str], home: Path, *, is_embedded: bool
) -> tuple[str, ...]:
    """Return SLAGBOOM_KEYS, or for an embedded database the key kept in `home`.

    Raises ConfigError.
    """
    given = read_secret(environ, "SLAGBOOM_KEYS")
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
    if not keys:
        raise ConfigError(
            "SLAGBOOM_KEYS holds no key, only separators. Put back the keys that the"
            " stored tokens were sealed with."
        )
    for place, key in enumerate(keys, start=1):
        if not _is_key(key):
            raise ConfigError(
                f"SLAGBOOM_KEYS: key {place} of {len(keys)} is not a key, which is 32"
                " random bytes in URL-safe base64 (44 characters); several are"
                f" separated by commas, the newest first. Make one with {_NEW_KEY}."
            )
    return keys


def read_secret_key(environ: Mapping[str, str], keys: tuple[str, ...]) -> str:
    """Return SECRET_KEY, or one derived from `keys`; raises ConfigError."""
    given = read_secret(environ, "SECRET_KEY")
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


def read_page_key(environ: Mapping[str, str]) -> str | None:
    """Return SLAGBOOM_PAGE_KEY, which opens the pages; raises ConfigError."""
    given = read_secret(environ, "SLAGBOOM_PAGE_KEY")
    if given is not None and len(given) < _SHORTEST_SECRET:
        raise ConfigError(
            f"SLAGBOOM_PAGE_KEY has {len(given)} characters; with fewer than"
            f" {_SHORTEST_SECRET} it could be guessed, and the pages show customers'"
            " names. Use a long random text, or leave it out: the pages then open on"
            " this machine only."
        )
    return given


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
            f" cannot be kept ({to_reason(error)}). Name a folder that this user may"
            " write to, or set SLAGBOOM_KEYS."
        ) from None
    return key
