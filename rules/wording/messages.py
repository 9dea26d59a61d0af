"""What a follow-up says: its task, its reminders and escalations, and that it is over.

Plain text in lines, escaped by the channel that carries it; only a task's body is HTML.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from rules.ladder import DoneHow, EndedWhy
from rules.model import FieldName, Record
from rules.policy import FollowUp, Policy, StartKind, Step, StepKind
from rules.starts import counted_evidence
from rules.wording.conditions import condition_text
from rules.wording.notes import TaskText, stage_label
from rules.wording.speech import (
    SUBJECT_LENGTH,
    Speech,
    anchor,
    fill,
    heading,
    one_line,
    paragraph,
    shorten,
    speak_of,
)

_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class MessageText:
    """A message in words: what happened, why it matters, what to do; plain text."""

    subject: str
    lines: tuple[str, ...]
    link_text: str


def follow_up_task(
    policy: Policy, follow_up: FollowUp, record: Record, locale: str, link: str = ""
) -> TaskText:
    """Return the follow-up's own task, with what makes it done and why it matters."""
    speech = speak_of(policy, locale)
    subject = _task(speech, policy, follow_up, record)
    why = _goal(speech, policy, follow_up)
    return TaskText(
        subject=subject or _quiet_subject(speech, record),
        html="".join(
            [
                paragraph(_done_when(speech, policy, follow_up)),
                heading(speech.say("why"), why) if why else "",
                anchor(link, _link_text(speech, record)),
            ]
        ),
    )


def nudge(
    policy: Policy,
    follow_up: FollowUp,
    step: Step,
    record: Record,
    *,
    person_name: str,
    started_at: datetime,
    now: datetime,
    zone: str,
    locale: str,
    told_before: Sequence[str] = (),
) -> MessageText:
    """Return what a step of the ladder says.

    `person_name` is whom the matter lies with: the record's owner, empty if there is
    none. `zone` is the IANA name of the reader's time zone. A reminder speaks to that
    person, an escalation about them; `told_before` are those who heard of it in vain.
    """
    speech = speak_of(policy, locale, zone=zone)
    task = _task(speech, policy, follow_up, record)
    person = one_line(person_name)
    since = _since(speech, policy, follow_up, record, started_at=started_at, now=now)
    lines = [f"{since} {_not_yet(speech, follow_up)}".strip()]
    match step.kind:
        case StepKind.REMIND:
            subject = speech.say("remind_quiet", name=_name(speech, record))
            if task:
                subject = speech.say("remind_task", task=task)
        case StepKind.ESCALATE:
            subject = speech.say("escalate_subject", name=_name(speech, record))
            key = "with" if person else "with_nobody"
            lines.append(speech.say(key, person=person))
            if told_before:
                people = speech.listed([one_line(name) for name in told_before])
                lines[-1] += " " + speech.say("told_before", people=people)
        case _:
            assert_never(step.kind)
    lines.append(_goal(speech, policy, follow_up))
    lines.append(_what_to_do(speech, step, task, person))
    return MessageText(
        subject=shorten(subject, SUBJECT_LENGTH),
        lines=tuple(line for line in lines if line),
        link_text=_link_text(speech, record),
    )


def settled(
    policy: Policy,
    follow_up: FollowUp,
    record: Record,
    *,
    ending: DoneHow | EndedWhy,
    locale: str,
) -> MessageText:
    """Return what a message is replaced with when its matter is settled."""
    speech = speak_of(policy, locale)
    name = _name(speech, record)
    lines = [speech.say(f"settled_{ending.value}", name=name)]
    task = _task(speech, policy, follow_up, record)
    return MessageText(
        subject=shorten(
            speech.say("settled_subject", name=task or name), SUBJECT_LENGTH
        ),
        lines=tuple(lines),
        link_text=_link_text(speech, record),
    )


def _name(speech: Speech, record: Record) -> str:
    return shorten(speech.name(record), SUBJECT_LENGTH // 2)


def _task(speech: Speech, policy: Policy, follow_up: FollowUp, record: Record) -> str:
    """Return the policy's task with `{name}`, `{stage}` and fields filled in."""
    if follow_up.task is None:
        return ""
    sentence = one_line(speech.pick(follow_up.task))
    facts = {
        "name": _name(speech, record),
        "stage": stage_label(policy, record.stage),
    }
    for slot in _SLOT.findall(sentence):
        if slot not in facts and slot in record.fields:
            name = FieldName(slot)
            facts[slot] = speech.field_value(record, name, record.fields[name])
    return shorten(fill(sentence, facts), SUBJECT_LENGTH)


def _quiet_subject(speech: Speech, record: Record) -> str:
    return speech.say("remind_quiet", name=_name(speech, record))


def _link_text(speech: Speech, record: Record) -> str:
    if not one_line(record.name):
        return speech.say("open_nameless", the=speech.the(record.ref.kind))
    return speech.say("open", name=_name(speech, record))


def _goal(speech: Speech, policy: Policy, follow_up: FollowUp) -> str:
    if follow_up.goal is None:
        return ""
    return " ".join(speech.goals(policy, {follow_up.goal}))


def _done_when(speech: Speech, policy: Policy, follow_up: FollowUp) -> str:
    said = []
    kinds = speech.kinds(counted_evidence(follow_up))
    if kinds:
        key = "done_by_or_task" if follow_up.is_done_by_task else "done_by"
        said.append(speech.say(key, kinds=kinds))
    elif follow_up.is_done_by_task:
        said.append(speech.say("done_by_task"))
    if follow_up.done_when is not None:
        condition = condition_text(policy, follow_up.done_when.text, speech)
        key = "done_when_too" if said else "done_when"
        said.append(speech.say(key, condition=condition))
    return " ".join(said)


def _not_yet(speech: Speech, follow_up: FollowUp) -> str:
    kinds = counted_evidence(follow_up)
    if not kinds or follow_up.starts.kind is StartKind.IDLE:
        return ""
    return speech.say(
        "none_logged",
        kinds=speech.kinds(kinds),
        bare=speech.kinds(kinds, article=False),
    )


def _since(
    speech: Speech,
    policy: Policy,
    follow_up: FollowUp,
    record: Record,
    *,
    started_at: datetime,
    now: datetime,
) -> str:
    facts = {
        "name": _name(speech, record),
        "moment": speech.moment(started_at, now=now),
        "ago": speech.length(now - started_at),
        "stage": stage_label(policy, follow_up.starts.stage or record.stage),
    }
    match follow_up.starts.kind:
        case StartKind.CREATED:
            return speech.say("came_in", **facts)
        case StartKind.ENTERS:
            return speech.say("entered", **facts)
        case StartKind.IDLE:
            key = "unplanned" if follow_up.starts.asks_for_plan else "idle"
            return speech.say(key, **facts)
        case _:
            assert_never(follow_up.starts.kind)


def _what_to_do(speech: Speech, step: Step, task: str, person: str) -> str:
    """Return what the reader can do: for a reminder the task, else help with it."""
    if step.kind is StepKind.ESCALATE:
        if not person:
            return speech.say("escalate_nobody")
        return fill(speech.words.escalations[step.kind], {"person": person})
    to_do = speech.say("do_contact")
    if task:
        to_do = speech.say("do_task", task=task.rstrip("."))
    return f"{to_do} {speech.words.escalations[step.kind]}"
