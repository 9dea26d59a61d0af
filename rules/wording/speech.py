"""Speaking one language: sentences, labels, values, dates and lists of things."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from html import escape
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import (
    format_currency,
    format_decimal,
    format_percent,
    is_currency,
)

from rules.model import (
    AMOUNT,
    Actor,
    ActorClass,
    EvidenceKind,
    FieldName,
    GoalId,
    Kind,
    Noun,
    Record,
    Value,
    to_noun,
)
from rules.policy import Duration, LocalText, Policy
from rules.wording.catalogue import Catalogue, NounForms
from rules.wording.en import ENGLISH
from rules.wording.nl import DUTCH

CATALOGUES: Mapping[str, Catalogue] = {"en": ENGLISH, "nl": DUTCH}

CURRENCY = FieldName("currency")
"""If a record has this field, amounts are said in it: a code of ISO 4217."""

SUBJECT_LENGTH = 200
"""Characters: longer subjects are cut by some of the systems that they go through."""

VALUE_LENGTH = 200
"""Characters of a customer's text that are worth repeating to a person."""

_CODE = re.compile(r"[A-Z][A-Z0-9_ ]*")
AUTOMATIONS = frozenset(
    {ActorClass.WORKFLOW, ActorClass.INTEGRATION, ActorClass.IMPORT, ActorClass.AGENT}
)
"""Actors that are no people; `a_` and their name is what each language calls them."""

_BLANK = re.compile(r"\s+")
_SLOT = re.compile(r"\{(\w+)\}")


_LARGEST = 1e15


@dataclass(frozen=True, slots=True)
class Speech:
    """One language, with the numbers and dates of one region, and a zone for days.

    `nouns` is what the CRM calls kinds of records where that is not the kind's name.
    """

    words: Catalogue
    region: Locale
    zone: tzinfo = UTC
    nouns: Mapping[Kind, Noun] = field(default_factory=dict)

    def say(self, key: str, **facts: str) -> str:
        """Return a phrase with its `{slots}` filled in."""
        return fill(self.words.phrases[key], facts)

    def this(self, kind: Kind) -> str:
        """Return a kind of record as a sentence begins with it: `This deal`."""
        return self._forms(kind).this

    def the(self, kind: Kind) -> str:
        """Return a kind of record as it stands inside a sentence: `the deal`."""
        return self._forms(kind).the

    def name(self, record: Record) -> str:
        """Return what to call a record: its name, or its noun if it has none."""
        return one_line(record.name) or self.this(record.ref.kind)

    def automation(self, actor: Actor) -> str:
        """Return what an automation is called; empty for people and the unknown."""
        if actor.kind not in AUTOMATIONS:
            return ""
        noun = self.say(f"a_{actor.kind.value}")
        name = shorten(one_line(actor.name), VALUE_LENGTH)
        return f"{noun} ({name})" if name else noun

    def pick(self, text: LocalText) -> str:
        """Return a text of the policy in this language, else in one that it has."""
        for language in (self.words.language, "en", "nl"):
            if text.get(language):
                return text[language]
        return next(iter(text.values()), "")

    def goals(self, policy: Policy, wanted: Collection[GoalId]) -> list[str]:
        """Return the texts of these goals, in the policy's order of priority."""
        return [
            self.pick(text) for goal, text in policy.goals.items() if goal in wanted
        ]

    def value(self, value: Value, *, currency: str = "") -> str:
        """Return a value as people of this region write it."""
        match value:
            case None:
                return self.say("empty")
            case bool():
                return self.say("yes" if value else "no")
            case datetime() | date():
                return self.day(value)
            case int() | float():
                return self._number(value, currency)
            case _:
                return shorten(one_line(value), VALUE_LENGTH) or self.say("empty")

    def share(self, value: Value) -> str:
        """Return a part of a whole in percent."""
        part = value if isinstance(value, float) else 0.0
        return format_percent(part, locale=self.region)

    def field_value(self, record: Record, name: FieldName, value: Value) -> str:
        """Return a value of a field of `record`; an amount with its currency."""
        currency = record.fields.get(CURRENCY)
        if name == AMOUNT and isinstance(currency, str):
            return self.value(value, currency=currency)
        return self.value(value)

    def day(self, value: date) -> str:
        """Return a day in words; of an instant, its day in this speech's zone."""
        if isinstance(value, datetime):
            value = value.astimezone(self.zone)
        return format_date(value, self.words.phrases["day"], locale=self.region)

    def moment(self, value: datetime, *, now: datetime) -> str:
        """Return an instant in words, as the clock says in this speech's zone."""
        local = value.astimezone(self.zone)
        is_this_year = local.year == now.astimezone(self.zone).year
        key = "moment" if is_this_year else "moment_with_year"
        return format_datetime(local, self.words.phrases[key], locale=self.region)

    def length(self, length: timedelta) -> str:
        """Return a length of time in words: `3 days`."""
        return format_timedelta(length, threshold=1.5, locale=self.region)

    def duration(self, duration: Duration) -> str:
        """Return a length as the policy writes it, in words: `5 working days`."""
        return self.counted(f"unit_{duration.unit.value}", duration.amount)

    def counted(self, key: str, count: int) -> str:
        """Return so many of what the phrase names as one and as more: `3 times`."""
        one, many = self.words.phrases[key].split("|")
        return f"{self.value(float(count))} {one if count == 1 else many}"

    def language(self, locale: str) -> str:
        """Return what a locale such as `nl-BE` is called: `Dutch (Belgium)`."""
        named = Locale.parse(locale.replace("-", "_"))
        return named.get_display_name(self.region) or locale

    def kinds(self, kinds: Collection[EvidenceKind], *, article: bool = True) -> str:
        """Return evidence as a choice: `a call or a meeting`."""
        counts = [self.words.counts[kind] for kind in EvidenceKind if kind in kinds]
        return self.listed(
            [count.article if article else count.one for count in counts], "or"
        )

    def listed(self, things: Sequence[str], word: str = "and") -> str:
        """Return things as a list in a sentence: `a, b and c`."""
        if len(things) < 2:  # noqa: PLR2004 - a list begins at two
            return "".join(things)
        return ", ".join(things[:-1]) + self.words.phrases[word] + things[-1]

    def _forms(self, kind: Kind) -> NounForms:
        return self.words.nouns[to_noun(kind, self.nouns)]

    def _number(self, value: float, currency: str) -> str:
        # Beyond these, digits are guesses, and the formatting of locales gives up.
        if not abs(value) < _LARGEST:
            return str(value)
        if currency and is_currency(currency):
            return format_currency(value, currency, locale=self.region)
        return format_decimal(value, locale=self.region)


def speak_of(policy: Policy, locale: str, *, zone: str | None = None) -> Speech:
    """Return the speech of a locale for what a policy is about.

    Days are those of its calendar's zone, unless the reader has a `zone`.
    """
    return speak(locale, zone or policy.calendar.timezone, policy.nouns)


def speak(
    locale: str, zone: str = "UTC", nouns: Mapping[Kind, Noun] | None = None
) -> Speech:
    """Return the speech of a locale such as `nl` or `nl-BE`; English if unknown.

    `zone` is an IANA name; UTC if it is unknown. `nouns` as `Speech` has them.
    """
    wanted = locale.replace("-", "_")
    words = CATALOGUES.get(wanted.split("_")[0].lower(), ENGLISH)
    try:
        region = Locale.parse(wanted)
    except (UnknownLocaleError, ValueError):
        region = Locale.parse(words.language)
    if region.language != words.language:
        region = Locale.parse(words.language)
    return Speech(words, region, _zone(zone), nouns or {})


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def option_label(policy: Policy, name: FieldName, value: Value) -> str | None:
    """Return what people call a value that is chosen from a list, None if no other."""
    return policy.options.get(name, {}).get(value) if isinstance(value, str) else None


def is_code(name: str) -> bool:
    """Return whether a name is a word of the CRM's machinery, such as `API`."""
    return _CODE.fullmatch(name) is not None


def field_label(policy: Policy, name: str) -> str:
    """Return what people call a field: the account's label, else its name in words."""
    label = policy.labels.get(FieldName(name)) or name.replace("_", " ").strip()
    return label[:1].upper() + label[1:]


def fill(sentence: str, facts: Mapping[str, str]) -> str:
    """Return a sentence with its `{slots}` filled in; unknown slots are left empty.

    What is filled in is never looked at again, so a customer's `{text}` stays text.
    """
    return _SLOT.sub(lambda slot: facts.get(slot[1], ""), sentence)


def one_line(text: str) -> str:
    """Return a text without line breaks and without double blanks."""
    return _BLANK.sub(" ", text).strip()


def shorten(text: str, length: int) -> str:
    """Return a text of at most `length` characters; what is cut ends in an ellipsis."""
    if len(text) <= length:
        return text
    return text[: length - 1].rstrip() + "…"


def paragraph(*sentences: str) -> str:
    """Return sentences as one HTML paragraph, escaped; nothing if there are none."""
    text = " ".join(sentence for sentence in sentences if sentence)
    return f"<p>{escape(text)}</p>" if text else ""


def heading(title: str, text: str = "") -> str:
    """Return an HTML paragraph that begins with a bold title; all of it escaped."""
    rest = f" {escape(text)}" if text else ""
    return f"<p><b>{escape(title)}</b>{rest}</p>"


def bullets(lines: Sequence[str]) -> str:
    """Return lines as an HTML list, escaped; nothing if there are none."""
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def anchor(link: str, text: str) -> str:
    """Return an HTML link in a paragraph; nothing for what is no web address."""
    if not link.lower().startswith(("https://", "http://")):
        return ""
    return f'<p><a href="{escape(link)}">{escape(text)}</a></p>'
