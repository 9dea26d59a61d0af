"""The kinds of values that a policy document is written with."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
)
from pydantic.json_schema import WithJsonSchema

from rules.calendar import is_known_country, parse_duration
from rules.document.problems import did_you_mean
from rules.policy import Duration

LANGUAGES = ("en", "nl")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DURATION = r"^[0-9]{1,9}(s|m|h|d|wh|wd)$"
_SHARE = r"^([1-9][0-9]?|100)%$"
_HOURS = re.compile(r"(?P<opens>\d{2}:\d{2})\s*-\s*(?P<closes>\d{2}:\d{2})")
_MAIL = re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;.]+(\.[^@\s<>,;.]+)+")
_LOCALE = re.compile(r"(?P<language>[a-z]{2})([-_][A-Z]{2})?")


class Shape(BaseModel):
    """A part of a document. Keys that it does not know are a problem."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, validate_by_alias=True
    )

    @classmethod
    def not_yet(cls) -> Mapping[str, str]:
        """Return keys that a policy may come to have, and what to do meanwhile."""
        return {}


def _to_text(value: object) -> object:
    """Take a number for the text that it is written as: ids of CRMs are numbers."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else value


def _to_local(value: object) -> object:
    return {"": value} if isinstance(value, str) else value


def _mail(value: object) -> object:
    if isinstance(value, str) and not _MAIL.fullmatch(value):
        raise ValueError(f"“{value[:80]}” is no e-mail address.")
    return value


def _locale(value: object) -> object:
    if isinstance(value, str):
        found = _LOCALE.fullmatch(value)
        if found is None or found["language"] not in LANGUAGES:
            raise ValueError(
                f"“{value[:20]}” is no language that Slagboom speaks. It speaks"
                " en (English) and nl (Dutch), also as nl-BE."
            )
    return value


def _zone(value: object) -> object:
    if isinstance(value, str) and value not in available_timezones():
        hint = did_you_mean(value, available_timezones())
        raise ValueError(f"“{value[:60]}” is no time zone.{hint}")
    if isinstance(value, str):
        ZoneInfo(value)
    return value


def _country(value: object) -> object:
    if isinstance(value, str) and not is_known_country(value):
        raise ValueError(
            f"The holidays of “{value[:20]}” are not known. Write a country as NL, or"
            " a part of one as DE-BY."
        )
    return value


def _duration(value: object) -> object:
    if isinstance(value, Duration):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"Write the unit too: {value}h or {value}d.")  # noqa: TRY004
    if not isinstance(value, str):
        raise ValueError("Write a length of time, such as 24h or 5wd.")  # noqa: TRY004
    return parse_duration(value)


def _lasting(value: Duration) -> Duration:
    if value.amount == 0:
        raise ValueError("This is no time at all. Write a length such as 7d or 3wd.")
    return value


def read_hours(text: str) -> tuple[time, time]:
    """Return when work begins and ends: `09:00-17:30`. Raises ValueError."""
    found = _HOURS.fullmatch(text.strip())
    wrong = ValueError(f"“{text[:40]}” are no hours. Write them as 09:00-17:30.")
    if found is None:
        raise wrong
    try:
        opens, closes = (time.fromisoformat(found[end]) for end in ("opens", "closes"))
    except ValueError:
        raise wrong from None
    if opens == closes:
        raise ValueError(f"From {found['opens']} to {found['closes']} is no time.")
    return opens, closes


def _hours(value: object) -> object:
    if isinstance(value, str):
        read_hours(value)
    return value


def _share(value: object) -> object:
    found = re.fullmatch(_SHARE, value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("Write a part of all as 1% to 100%, such as 30%.")
    return int(found[1]) / 100


def _since(value: object) -> object:
    if not isinstance(value, date):
        raise ValueError("Write a day, such as 2026-12-01.")  # noqa: TRY004
    return value


Name = Annotated[
    str,
    BeforeValidator(_to_text, json_schema_input_type=str | int),
    StringConstraints(min_length=1, max_length=200),
]
"""What somebody called a thing in the CRM."""
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
"""Our own name of a thing: it becomes part of addresses and figures."""
StageKey = Annotated[
    str,
    BeforeValidator(_to_text, json_schema_input_type=str | int),
    StringConstraints(min_length=1, max_length=100, pattern=r"^[^.\x00-\x1f]+$"),
]
"""The policy's name of a stage: a label or id of the CRM, or any, beside `label`."""
Field = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)
]
"""A field: one of the usual ones, one under `fields`, or a property of the account."""
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)
]
Expression = Annotated[str, StringConstraints(min_length=1)]
"""A condition; `rules.expressions` reads it when the account's fields are known."""
LocalText = Annotated[
    dict[str, Text],
    BeforeValidator(
        _to_local,
        json_schema_input_type=Annotated[
            Any,
            WithJsonSchema(
                {
                    "anyOf": [
                        {"type": "string", "minLength": 1},
                        {
                            "type": "object",
                            "minProperties": 1,
                            "additionalProperties": False,
                            "properties": {
                                language: {"type": "string", "minLength": 1}
                                for language in LANGUAGES
                            },
                        },
                    ]
                }
            ),
        ],
    ),
]
"""Text by language; one text alone is in the language of `locale` (key `""`)."""
Mail = Annotated[str, BeforeValidator(_mail)]
LocaleName = Annotated[str, BeforeValidator(_locale)]
Zone = Annotated[str, BeforeValidator(_zone)]
Country = Annotated[str, BeforeValidator(_country)]
Hours = Annotated[str, BeforeValidator(_hours)]
Length = Annotated[
    Duration,
    BeforeValidator(_duration),
    PlainSerializer(lambda one: f"{one.amount}{one.unit}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": _DURATION}),
]
"""A length of time: `24h`, `7d` elapsed; `4wh`, `5wd` of working time."""
Lasting = Annotated[Length, AfterValidator(_lasting)]
"""A length of time that is not nothing."""
Share = Annotated[
    float,
    BeforeValidator(_share),
    PlainSerializer(lambda one: f"{one:.0%}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": _SHARE}),
]
"""A part of a whole: `30%`, kept as 0.3."""
Since = Annotated[
    date | datetime,
    BeforeValidator(_since),
    WithJsonSchema({"type": "string", "format": "date"}),
]
