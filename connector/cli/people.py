"""`slagboom people`."""

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from connector.cli.output import as_json, say, show
from connector.cli.session import find_author, opened
from connector.errors import ConfigError
from connector.store.people import Person
from rules.quiet import read_quiet

COLUMNS = (
    "email",
    "name",
    "manager",
    "deputy",
    "slack",
    "timezone",
    "locale",
    "quiet",
    "away_from",
    "away_until",
)


@click.group()
def people() -> None:
    """Who is told, and who leads whom."""


@people.command("list")
@as_json
def list_(*, is_json: bool) -> None:
    """List the people that were imported."""
    with opened() as app, app.store.begin() as tx:
        rows = tx.people.all()
    show(
        rows,
        {
            "e-mail": lambda one: one.email,
            "name": lambda one: one.name,
            "manager": lambda one: one.manager,
            "deputy": lambda one: one.deputy,
            "language": lambda one: one.locale,
            "time zone": lambda one: one.timezone,
            "away until": lambda one: one.away_until,
        },
        is_json=is_json,
        empty=(
            "Nobody is known yet besides the CRM's own users. Import a file with"
            " managers: slagboom people import FILE.csv"
        ),
    )


@people.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Import people from FILE, in place of what was known of them.

    A CSV file with the columns email,name,manager,deputy,slack,timezone,locale,quiet,
    away_from,away_until; only email is required. Managers and deputies are e-mail
    addresses; quiet are hours in which nobody is told anything, such as 18:00-08:00.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            persons = read_people(lines)
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is not UTF-8 text. Save it as UTF-8.") from None
    with opened() as app:
        app.people.save(persons, author=find_author())
    say(f"{len(persons)} people are known.")


def read_people(lines: Iterable[str]) -> list[Person]:
    """Return the people of a CSV file; ConfigError names the line that is wrong."""
    reader = csv.DictReader(lines)
    unknown = set(reader.fieldnames or ()) - set(COLUMNS)
    if "email" not in (reader.fieldnames or ()) or unknown:
        raise ConfigError(
            "The first line must name the columns, at least email; there are:"
            f" {', '.join(COLUMNS)}."
            + (f" Unknown: {', '.join(sorted(map(str, unknown)))}." if unknown else "")
        )
    return [_person(row, reader.line_num) for row in reader]


def _person(row: Mapping[str, str | None], line: int) -> Person:
    def text(name: str) -> str | None:
        return (row.get(name) or "").strip() or None

    email = text("email")
    for name in ("email", "manager", "deputy"):
        given = text(name)
        if (given is None and name == "email") or (given and "@" not in given):
            raise ConfigError(f"Line {line}: {name} must be an e-mail address.")
    zone = text("timezone")
    if zone is not None:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ConfigError(
                f"Line {line}: {zone!r} is no time zone such as Europe/Amsterdam."
            ) from None
    quiet = text("quiet")
    if quiet is not None:
        try:
            read_quiet(quiet)
        except ValueError:
            raise ConfigError(
                f"Line {line}: quiet is {quiet!r}; write it as 18:00-08:00."
            ) from None
    return Person(
        email=email or "",
        name=text("name") or "",
        manager=text("manager"),
        deputy=text("deputy"),
        slack=text("slack"),
        timezone=zone,
        locale=text("locale"),
        quiet=quiet,
        away_from=_instant(text("away_from"), "away_from", zone, line),
        away_until=_instant(text("away_until"), "away_until", zone, line),
    )


def _instant(
    given: str | None, name: str, zone: str | None, line: int
) -> datetime | None:
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        raise ConfigError(
            f"Line {line}: {name} is {given!r}; write it as 2026-12-24 or"
            " 2026-12-24T17:00."
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
