"""Single variables of the environment, as text, as yes or no, or from a file."""

from collections.abc import Mapping
from pathlib import Path

from connector.errors import ConfigError

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


def read(environ: Mapping[str, str], name: str) -> str | None:
    """Return the variable `name`; None if it is not set or blank."""
    return environ.get(name, "").strip() or None


def read_secret(environ: Mapping[str, str], name: str) -> str | None:
    """Return the value of `name`, or the content of the file that `<name>_FILE` names.

    Raises ConfigError if both are given, or the file cannot be read or is empty.
    """
    value = read(environ, name)
    path = read(environ, f"{name}_FILE")
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
            f" ({to_reason(error)}). Check the path and that this user may read it."
        ) from None
    if not content:
        raise ConfigError(
            f"{name}_FILE names {path}, which is empty. Write the value into it."
        )
    return content


def read_flag(environ: Mapping[str, str], name: str) -> bool:
    """Return whether the variable `name` says yes; raises ConfigError."""
    given = (read(environ, name) or "0").lower()
    if given not in _YES | _NO:
        raise ConfigError(f"{name} is {given[:20]!r}; it must be 1 or 0.")
    return given in _YES


def read_number(
    environ: Mapping[str, str], name: str, *, default: int, least: int, most: int
) -> int:
    """Return the whole number in the variable `name`; raises ConfigError."""
    given = read(environ, name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and least <= int(given) <= most):
        raise ConfigError(
            f"{name} is {given[:20]!r}; it must be a whole number from {least} to"
            f" {most}."
        )
    return int(given)


def to_reason(error: OSError | UnicodeDecodeError) -> str:
    """Return why a file could not be used, in words."""
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    return "it is not text in UTF-8"
