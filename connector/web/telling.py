"""What happened, as lines for the page in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from connector.services.happenings import Happening, Outcome
from connector.services.overview import Event
from connector.store.feed import AnswerEntry, MessageEntry, TaskEntry
from connector.store.interventions import InterventionState
from connector.web.reader import Reader, to_web_address
from rules.model import ActorClass, Kind, Noun, to_noun
from rules.wording import reason_text, stage_label

Nouns = Mapping[Kind, Noun]
"""What a CRM calls the kinds of records that it has other names for."""

GOOD, DONE, CAREFUL, BAD, QUIET = "good", "done", "careful", "bad", "quiet"
BACK = "done back"
"""What is done, and put something back where it was."""

_TONES: Mapping[Outcome, str] = {
    Outcome.RETURNED: BACK,
    Outcome.HELD: BACK,
    Outcome.RESTORED: BACK,
    Outcome.COMPLETED: GOOD,
    Outcome.MOVED_ON: GOOD,
    Outcome.RELEASED: QUIET,
    Outcome.FLAGGED: CAREFUL,
    Outcome.REFUSED: BAD,
    Outcome.OBSERVED: QUIET,
    Outcome.SUPERSEDED: QUIET,
    Outcome.UNDONE: QUIET,
    Outcome.UNDERWAY: QUIET,
}
_STATE_TONES: Mapping[InterventionState, str] = {
    InterventionState.PLANNED: QUIET,
    InterventionState.DONE: DONE,
    InterventionState.REFUSED: BAD,
    InterventionState.SUPERSEDED: QUIET,
    InterventionState.UNDONE: QUIET,
}
_ACTORS: Mapping[ActorClass, str] = {
    ActorClass.WORKFLOW: "workflow",
    ActorClass.INTEGRATION: "integration",
    ActorClass.IMPORT: "import_actor",
    ActorClass.AGENT: "agent",
    ActorClass.OURSELVES: "ourselves",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. `id` is unique on the page; texts may be empty.

    `name` is the record's, `url` leads to it; `what` it did and `why` that was wrong;
    `ending` is how it ended, in one of a few tones.
    """

    id: str
    at: datetime
    kind: str
    name: str
    url: str
    what: str
    why: tuple[str, ...]
    ending: str
    tone: str
    error: str = ""
    context: str = ""


def to_line(event: Event, reader: Reader, nouns: Nouns) -> Line:
    """Return an event as a line; `nouns` is what its account calls kinds of records."""
    match event:
        case Happening():
            return _judged(event, reader, nouns)
        case TaskEntry():
            return _task(event, reader, nouns)
        case MessageEntry():
            return _message(event, reader, nouns)
        case AnswerEntry():
            return _answer(event, reader)
        case _:
            assert_never(event)


def _judged(event: Happening, reader: Reader, nouns: Nouns) -> Line:
    record = event.change.after
    why = dict.fromkeys(
        reason_text(verdict.reason, event.policy, reader.language)
        for verdict in event.because
    )
    return Line(
        id=f"judgement-{event.id}",
        at=event.at,
        kind=reader.say(to_noun(record.ref.kind, nouns)),
        name=record.name or record.ref.id,
        url=to_web_address(record.url),
        what=", ".join(filter(None, (_moved(event, reader), _by(event, reader)))),
        why=tuple(why),
        ending=reader.say(
            event.outcome.value,
            stage=stage_label(event.policy, event.plan.return_to),
            hold=stage_label(event.policy, event.plan.hold),
            to=stage_label(event.policy, record.stage),
        ),
        tone=_TONES[event.outcome],
        error=event.error,
        context=f"{event.connection} · {event.policy.process}",
    )


def _moved(event: Happening, reader: Reader) -> str:
    before, after = event.change.before, event.change.after
    to = stage_label(event.policy, after.stage)
    if before is None:
        return reader.say("created_in" if event.change.is_new else "stands_in", to=to)
    if before.stage == after.stage:
        return reader.say("stands_in", to=to)
    return reader.say(
        "moved", **{"from": stage_label(event.policy, before.stage), "to": to}
    )


def _by(event: Happening, reader: Reader) -> str:
    actor = event.change.actor
    key = _ACTORS.get(actor.kind)
    if key is None:
        return ""
    name = reader.say(key)
    return reader.say("by", name=f"{name} ({actor.name})" if actor.name else name)


def _task(event: TaskEntry, reader: Reader, nouns: Nouns) -> Line:
    return Line(
        id=f"task-{event.id}",
        at=event.at,
        kind=reader.say(to_noun(event.kind, nouns)),
        name=event.record,
        url=to_web_address(event.url),
        what=event.subject,
        why=(),
        ending=reader.say(f"task_{event.done.state.value}"),
        tone=_STATE_TONES[event.done.state],
        error=event.done.error,
        context=event.connection,
    )


def _message(event: MessageEntry, reader: Reader, nouns: Nouns) -> Line:
    to = reader.say(event.purpose, person=event.person)
    key = f"message_{event.state}"
    if event.state == "sent" and event.channel:
        key = "message_sent_by"
    return Line(
        id=f"message-{event.id}",
        at=event.at,
        kind="" if event.kind is None else reader.say(to_noun(event.kind, nouns)),
        name=event.record,
        url=to_web_address(event.url),
        what=event.subject,
        why=(),
        ending=f"{to}: {reader.say(key, channel=event.channel)}",
        tone={"sent": DONE, "settled": GOOD, "failed": BAD}.get(event.state, QUIET),
        error=event.error,
        context=event.connection,
    )


def _answer(event: AnswerEntry, reader: Reader) -> Line:
    key = "answer_revoked" if event.is_over else "answer_allowed"
    return Line(
        id=f"{'no-' if event.is_over else ''}answer-{event.id}",
        at=event.at,
        kind="",
        name=event.text,
        url="",
        what=reader.say(key, field=event.field.replace("_", " "), person=event.person),
        why=(event.why,) if event.why else (),
        ending=reader.say(f"{key}_ending"),
        tone=QUIET,
        context=event.connection,
    )
