"""Which activities count as evidence, where they are kept, and when they were. Pure.

Fields: the Object Reference, "Task", "Event", "EmailMessage", "Quote" and
"OpportunityContactRole". Who records no outcome is believed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType

from adapters.marks import find_marks
from adapters.salesforce.kinds import (
    ACCOUNTS,
    CONTACTS,
    LEADS,
    OPPORTUNITIES,
    WHAT,
    ObjectType,
)
from adapters.salesforce.queries import is_in
from adapters.salesforce.values import to_instant
from adapters.wire import Json, text
from rules.model import EvidenceKind, Tally

_DAY = timedelta(days=1)
_NOON = time(12)
_CALL, _EMAIL, _TASK = "Call", "Email", "Task"
_TYPE = "Type"
"""What people and dialers may say of a task that has no other subtype."""
_EMAILS = frozenset({EvidenceKind.EMAILS, EvidenceKind.EMAILS_SENT})
_BY_SUBTYPE: Mapping[str, frozenset[EvidenceKind]] = MappingProxyType(
    # An e-mail that came in is a message, never a task alone.
    {
        _CALL: frozenset({EvidenceKind.CALLS}),
        _EMAIL: _EMAILS,
        _TASK: frozenset({EvidenceKind.TASKS}),
    }
)
_MEETINGS = frozenset({EvidenceKind.MEETINGS})
_QUOTES = frozenset({EvidenceKind.QUOTES})
_DRAFT = "5"
_UNSENT_QUOTES = frozenset({"", "Draft", "Needs Review", "In Review", "Rejected"})
"""Before the customer had it; `Denied` is the customer's own answer."""
_PEOPLE = frozenset({EvidenceKind.ACCOUNT_CONTACTS})
_QUOTE_OF = MappingProxyType(
    {
        OPPORTUNITIES.name: "OpportunityId",
        ACCOUNTS.name: "AccountId",
        CONTACTS.name: "ContactId",
    }
)
_ACCOUNT_OF = MappingProxyType(
    {
        OPPORTUNITIES.name: "AccountId",
        LEADS.name: "ConvertedAccountId",
        CONTACTS.name: "AccountId",
        ACCOUNTS.name: "",
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """An object whose rows are evidence for the records that `of` refers to.

    Where `via` names a field of the record, `of` refers to what stands in that field.
    `besides` is a field that need not be there, and what holds of it instead of
    `where`. An `is_optional` one need not be there at all.
    """

    name: str
    of: str
    kinds: frozenset[EvidenceKind]
    via: str = ""
    fields: tuple[str, ...] = ()
    where: str = ""
    besides: tuple[str, str] = ("", "")
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One row that may count. What is not `is_done` counts while it lies ahead."""

    kinds: frozenset[EvidenceKind]
    at: datetime | None = None
    is_done: bool = True


def sources(about: ObjectType, wanted: frozenset[EvidenceKind]) -> list[Source]:
    """Return where evidence for records of an object is kept.

    E-mail is a task in every organisation, and a message besides where messages are
    kept: each is looked at, and a task that stands for a message is not counted again.
    """
    of = about.activity
    subtypes = [name for name, kinds in _BY_SUBTYPE.items() if kinds & wanted]
    typed = [name for name in subtypes if name != _TASK]
    found = [
        Source(
            "Task",
            of,
            _BY_SUBTYPE[_CALL] | _BY_SUBTYPE[_TASK] | _EMAILS,
            fields=(
                "TaskSubtype",
                "ActivityDate",
                "CompletedDateTime",
                "IsClosed",
                _TYPE,
                # In which a task of our own carries its mark.
                *(["Description"] if _TASK in subtypes else []),
            ),
            where=is_in("TaskSubtype", subtypes),
            besides=(_TYPE, is_in(_TYPE, typed)) if typed else ("", ""),
        ),
        # An invitation is a row of its own for each who was invited.
        Source(
            "Event",
            of,
            _MEETINGS,
            fields=("StartDateTime", "ActivityDateTime"),
            where="IsChild = false",
        ),
    ]
    if of == WHAT:
        found.append(
            Source(
                "EmailMessage",
                "RelatedToId",
                _EMAILS,
                fields=(
                    "ActivityId",
                    "MessageDate",
                    "Status",
                    "Incoming",
                    "IsBounced",
                ),
                is_optional=True,
            )
        )
    found += [_quotes(about), *_people(about)]
    return [one for one in found if one.kinds & wanted]


def _quotes(about: ObjectType) -> Source:
    # A lead has no quotes before it is converted: then they are those of its deal.
    return Source(
        "Quote",
        _QUOTE_OF.get(about.name, "OpportunityId"),
        _QUOTES,
        via="" if about.name in _QUOTE_OF else "ConvertedOpportunityId",
        fields=("Status", "CreatedDate"),
        is_optional=True,
    )


def _people(about: ObjectType) -> list[Source]:
    kinds = _PEOPLE
    found = []
    if about is OPPORTUNITIES:
        found.append(
            Source(
                "OpportunityContactRole",
                "OpportunityId",
                frozenset({EvidenceKind.CONTACTS}),
                fields=("ContactId",),
            )
        )
    if about is ACCOUNTS:
        kinds = _PEOPLE | {EvidenceKind.CONTACTS}
    return [
        *found,
        Source("Contact", "AccountId", kinds, via=_ACCOUNT_OF[about.name]),
    ]


def to_tallies(
    rows: Mapping[str, Sequence[Json]], about: ObjectType, now: datetime
) -> dict[EvidenceKind, Tally]:
    """Return what one record's rows amount to, by the object that they are of."""
    facts: dict[EvidenceKind, list[Fact]] = {kind: [] for kind in EvidenceKind}
    messages = rows.get("EmailMessage", ())
    told = {text(one, "ActivityId") for one in messages}
    for task in rows.get("Task", ()):
        if text(task, "Id") not in told:
            _add(facts, _of_task(task))
    for message in messages:
        _add(facts, _of_message(message))
    for event in rows.get("Event", ()):
        at = event.get("StartDateTime") or event.get("ActivityDateTime")
        _add(facts, Fact(_MEETINGS, to_instant(at)))
    for quote in rows.get("Quote", ()):
        if text(quote, "Status") not in _UNSENT_QUOTES:
            _add(facts, Fact(_QUOTES, to_instant(quote.get("CreatedDate"))))
    tallies = {kind: _to_tally(found, now) for kind, found in facts.items()}
    tallies[EvidenceKind.CONTACTS] = Tally(_contacts(rows, about))
    tallies[EvidenceKind.ACCOUNT_CONTACTS] = Tally(len(rows.get("Contact", ())))
    return tallies


def _contacts(rows: Mapping[str, Sequence[Json]], about: ObjectType) -> int:
    if about is ACCOUNTS:
        return len(rows.get("Contact", ()))
    if about is OPPORTUNITIES:
        # Somebody may have several roles.
        roles = rows.get("OpportunityContactRole", ())
        return len({text(role, "ContactId") for role in roles})
    # A person is their own contact.
    return 1


def _add(facts: Mapping[EvidenceKind, list[Fact]], fact: Fact | None) -> None:
    if fact is not None:
        for kind in fact.kinds:
            facts[kind].append(fact)


def _of_task(row: Json) -> Fact | None:
    """Return a call or an e-mail; its moment is exact if it was noted at once."""
    subtype, type_ = text(row, "TaskSubtype"), text(row, _TYPE)
    is_typed = subtype == _TASK and type_ in _BY_SUBTYPE
    kinds = _BY_SUBTYPE.get(type_ if is_typed else subtype, frozenset())
    day = to_instant(row.get("ActivityDate"))
    if EvidenceKind.TASKS in kinds:
        if row.get("IsClosed") is True or find_marks(text(row, "Description")):
            return None
        return Fact(kinds, None if day is None else day + _DAY)
    if row.get("IsClosed") is not True:
        # Planned for a day: it lies ahead until that day is over.
        return None if day is None else Fact(kinds, day + _DAY, is_done=False)
    noted = to_instant(row.get("CompletedDateTime"))
    if day is None or (noted is not None and abs(noted - _noon(day)) <= _DAY):
        return Fact(kinds, noted)
    return Fact(kinds, _noon(day))


def _noon(day: datetime) -> datetime:
    return datetime.combine(day.date(), _NOON, UTC)


def _of_message(row: Json) -> Fact | None:
    if text(row, "Status") == _DRAFT or row.get("IsBounced") is True:
        return None
    kinds = _EMAILS
    if row.get("Incoming") is True:
        kinds = kinds - {EvidenceKind.EMAILS_SENT}
    return Fact(kinds, to_instant(row.get("MessageDate")))


def _to_tally(facts: Iterable[Fact], now: datetime) -> Tally:
    count = 0
    past: list[datetime] = []
    ahead: list[datetime] = []
    for fact in facts:
        is_ahead = fact.at is not None and fact.at > now
        if not (fact.is_done or is_ahead):
            continue
        count += 1
        if fact.at is not None:
            (ahead if is_ahead else past).append(fact.at)
    return Tally(count, max(past, default=None), min(ahead, default=None))
