"""The note on a record's timeline, and the one task that lists all that is missing.

Four parts: what happened, why it matters, what to do, where to click. HTML of p, b, ul,
li, a and br only; everything that is not ours is escaped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from rules.demands import LACKING
from rules.interventions import Plan
from rules.model import (
    STAGE,
    Actor,
    FieldName,
    Judgement,
    Record,
    StageId,
    Value,
    Verdict,
)
from rules.moves import value_of
from rules.policy import Policy
from rules.wording.reasons import reason_in, to_do_in, to_dos
from rules.wording.speech import (
    SUBJECT_LENGTH,
    VALUE_LENGTH,
    Speech,
    anchor,
    bullets,
    field_label,
    heading,
    is_code,
    one_line,
    option_label,
    paragraph,
    shorten,
    speak_of,
)


class Ending(StrEnum):
    """How an intervention ended, as its note tells it.

    `held`: put back, and carried out by Slagboom once the missing thing is there.
    `refused`: the CRM did not take our write. `completed`: a held move carried out.
    `moved_on`: an auto move carried out.
    `expired`: it waited too long. `void`: the process does not know it any more.
    `undone`: we took back what we did.
    """

    RETURNED = "returned"
    RESTORED = "restored"
    FLAGGED = "flagged"
    REFUSED = "refused"
    HELD = "held"
    COMPLETED = "completed"
    MOVED_ON = "moved_on"
    EXPIRED = "expired"
    VOID = "void"
    UNDONE = "undone"


_HOLDS_OVER = {Ending.EXPIRED: "hold_expired", Ending.VOID: "hold_void"}


@dataclass(frozen=True, slots=True)
class TaskText:
    """A task in words: `subject` is plain text, `html` its body."""

    subject: str
    html: str


def note_html(
    policy: Policy,
    judgement: Judgement,
    plan: Plan,
    ending: Ending,
    *,
    locale: str,
    link: str = "",
    refusal: str = "",
) -> str:
    """Return the note as HTML.

    `link` is where to click; `refusal` the CRM's own words when it refused our write.
    """
    speech = speak_of(policy, locale)
    # A move that waited has nothing against it any more: it matters as it did then.
    met = judgement.verdicts if ending is Ending.COMPLETED else ()
    return "".join(
        [
            _what_happened(speech, policy, judgement, plan),
            _what_we_did(speech, policy, judgement, plan, ending, refusal=refusal),
            _why(speech, policy, plan.explain or met),
            _what_to_do(speech, policy, plan, ending),
            _where(speech, policy, judgement, link),
        ]
    )


def task_text(
    policy: Policy,
    judgement: Judgement,
    plan: Plan,
    ending: Ending,
    *,
    locale: str,
    link: str = "",
) -> TaskText:
    """Return one task that lists everything a person has to do."""
    speech = speak_of(policy, locale)
    is_refused = ending is Ending.REFUSED
    verdicts = plan.explain if is_refused else plan.ask
    lines = _put_back_lines(speech, policy, plan) if is_refused else []
    for verdict in verdicts:
        line = to_do_in(speech, verdict.reason, policy)
        if not line and not lines:
            line = reason_in(speech, verdict.reason, policy)
        if line and line not in lines:
            lines.append(line)
    return TaskText(
        subject=_subject(speech, judgement, lines),
        html="".join(
            [
                bullets(lines),
                _why(speech, policy, verdicts),
                _held(speech, policy, plan, ending),
                _where(speech, policy, judgement, link),
            ]
        ),
    )


def stage_label(policy: Policy, stage_id: StageId | None) -> str:
    """Return what people call a stage; its id if the policy does not name it."""
    stage = policy.stage(stage_id)
    return one_line(stage.label if stage is not None else stage_id or "?")


def _what_happened(
    speech: Speech, policy: Policy, judgement: Judgement, plan: Plan
) -> str:
    told = (reason_in(speech, verdict.reason, policy) for verdict in plan.explain)
    sentences = list(dict.fromkeys(told))
    if sentences:
        sentences.append(_by_whom(speech, judgement.change.actor))
    return paragraph(*sentences)


def _by_whom(speech: Speech, actor: Actor) -> str:
    """Return who made the change, unless a person did: the owner may not know."""
    if is_code(actor.name):
        # It tells an admin something, and a rep nothing.
        actor = replace(actor, name="")
    who = speech.automation(actor)
    return speech.say("by_other", name=who) if who else ""


def _what_we_did(
    speech: Speech,
    policy: Policy,
    judgement: Judgement,
    plan: Plan,
    ending: Ending,
    *,
    refusal: str,
) -> str:
    the = speech.the(policy.kind)
    match ending:
        case Ending.RETURNED | Ending.HELD:
            back_in = stage_label(policy, plan.return_to)
            return paragraph(
                speech.say("set_back", the=the, stage=back_in)
            ) + _values_put_back(speech, policy, judgement, plan, "restored_too")
        case Ending.RESTORED:
            return _values_put_back(speech, policy, judgement, plan, "restored")
        case Ending.FLAGGED:
            return paragraph(speech.say("duel" if plan.duel else "flagged", the=the))
        case Ending.REFUSED:
            words = shorten(one_line(refusal), VALUE_LENGTH)
            key = "refused" if words else "refused_unexplained"
            return paragraph(speech.say(key, refusal=words))
        case Ending.UNDONE:
            return _undone(speech, policy, judgement, plan)
        case Ending.COMPLETED | Ending.MOVED_ON | Ending.EXPIRED | Ending.VOID:
            key = _HOLDS_OVER.get(ending, ending.value)
            return paragraph(speech.say(key, the=the, **_ends(policy, judgement)))
        case _:
            assert_never(ending)


def _undone(speech: Speech, policy: Policy, judgement: Judgement, plan: Plan) -> str:
    change = judgement.change
    before = change.before or change.after
    lines = [
        speech.say(
            "restored_stage" if name == STAGE else "restored_field",
            field=field_label(policy, name),
            new=_said(speech, policy, before, name, value_of(before, name)),
            old=_said(speech, policy, before, name, value),
        )
        for name, value in plan.put_back.items()
    ]
    person = one_line(change.actor.name)
    return paragraph(speech.say("undone", person=person)) + bullets(lines)


def _said(
    speech: Speech, policy: Policy, record: Record, name: FieldName, value: Value
) -> str:
    if name == STAGE:
        return stage_label(policy, None if value is None else StageId(str(value)))
    label = option_label(policy, name, value)
    return label or speech.field_value(record, name, value)


def _ends(policy: Policy, judgement: Judgement) -> dict[str, str]:
    before, after = judgement.change.before, judgement.change.after
    return {
        "from": stage_label(policy, before.stage if before is not None else None),
        "to": stage_label(policy, after.stage),
    }


def _values_put_back(
    speech: Speech, policy: Policy, judgement: Judgement, plan: Plan, title: str
) -> str:
    after = judgement.change.after
    lines = [
        speech.say(
            "restored_field",
            field=field_label(policy, name),
            new=_said(speech, policy, after, name, value_of(after, name)),
            old=_said(speech, policy, after, name, old),
        )
        for name, old in _values(plan)
        # What goes along with a stage may be the same in both.
        if value_of(after, name) != old
    ]
    return paragraph(speech.say(title)) + bullets(lines) if lines else ""


def _values(plan: Plan) -> list[tuple[FieldName, Value]]:
    return [(name, value) for name, value in plan.put_back.items() if name != STAGE]


def _why(speech: Speech, policy: Policy, verdicts: Sequence[Verdict]) -> str:
    wanted = {verdict.goal for verdict in verdicts if verdict.goal is not None}
    goals = speech.goals(policy, wanted)
    return heading(speech.say("why"), " ".join(goals)) if goals else ""


def _what_to_do(speech: Speech, policy: Policy, plan: Plan, ending: Ending) -> str:
    if ending is Ending.COMPLETED:
        return heading(speech.say("do"), speech.say("completed_do"))
    if ending is Ending.MOVED_ON:
        the = speech.the(policy.kind)
        return heading(speech.say("do"), speech.say("moved_on_undo", the=the))
    if ending is Ending.UNDONE:
        return heading(speech.say("why"), speech.say("undone_why")) + heading(
            speech.say("do"), speech.say("undone_do", the=speech.the(policy.kind))
        )
    if ending in _HOLDS_OVER:
        the = speech.the(policy.kind)
        lines = to_dos(speech, plan.explain, policy)
        lines.append(speech.say("move_again", the=the))
        return heading(speech.say("do")) + bullets(lines)
    is_refused = ending is Ending.REFUSED
    lines = _put_back_lines(speech, policy, plan) if is_refused else []
    open_ones = [
        verdict
        for verdict in plan.explain
        if is_refused or verdict.reason.facts.get("field") not in plan.put_back
    ]
    lines += to_dos(speech, open_ones, policy)
    said = heading(speech.say("do")) + bullets(lines) if lines else ""
    said += _held(speech, policy, plan, ending)
    if ending is not Ending.FLAGGED:
        key = "exception" if policy.sponsor else "exception_nobody"
        said += paragraph(speech.say(key, sponsor=policy.sponsor or ""))
    return said


def _put_back_lines(speech: Speech, policy: Policy, plan: Plan) -> list[str]:
    """Return what a person has to put back, because the CRM did not let us."""
    lines = []
    named = {verdict.reason.facts.get("field") for verdict in plan.explain}
    if plan.return_to is not None:
        lacks_only = all(verdict.reason.code in LACKING for verdict in plan.explain)
        lines.append(
            speech.say(
                "bring_or_put_back" if lacks_only else "put_back_yourself",
                the=speech.the(policy.kind),
                stage=stage_label(policy, plan.return_to),
            )
        )
    lines += [
        speech.say(
            "put_value_back_yourself",
            field=field_label(policy, name),
            old=option_label(policy, name, value) or speech.value(value),
        )
        for name, value in _values(plan)
        if name in named
    ]
    return lines


def _held(speech: Speech, policy: Policy, plan: Plan, ending: Ending) -> str:
    if ending is not Ending.HELD or plan.hold is None:
        return ""
    return paragraph(
        speech.say(
            "held",
            the=speech.the(policy.kind),
            stage=stage_label(policy, plan.hold),
        )
    )


def _where(speech: Speech, policy: Policy, judgement: Judgement, link: str) -> str:
    name = one_line(judgement.change.after.name)
    if name:
        return anchor(link, speech.say("open", name=name))
    return anchor(link, speech.say("open_nameless", the=speech.the(policy.kind)))


def _subject(speech: Speech, judgement: Judgement, lines: Sequence[str]) -> str:
    name = shorten(speech.name(judgement.change.after), SUBJECT_LENGTH // 2)
    if len(lines) == 1:
        subject = speech.say("one", name=name, what=lines[0].rstrip("."))
    else:
        subject = speech.say("several", name=name, count=str(len(lines)))
    return shorten(subject, SUBJECT_LENGTH)
