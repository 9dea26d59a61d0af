"""The difference between two versions of a policy, in plain sentences."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from rules.comparing import (
    Converted,
    Difference,
    DifferenceKind,
    Gated,
    Needed,
    Ordered,
    Placed,
    Setting,
    Statement,
    Subject,
    statements,
)
from rules.expressions import Condition
from rules.model import ActorClass, Enforcement, Kind, RuleId
from rules.policy import (
    EVERYBODY,
    Actors,
    Allow,
    AutoMove,
    Calendar,
    Check,
    Duration,
    FollowUp,
    Lane,
    ParkLimit,
    Placeholders,
    Policy,
    SeenLimit,
    Stage,
    StartKind,
    Step,
    StepKind,
    StormLimit,
)
from rules.wording.conditions import condition_text
from rules.wording.notes import stage_label
from rules.wording.speech import Speech, field_label, one_line, speak, speak_of

_SLOT = re.compile(r"\{\w+\}")

_COUNTED = {"returns_per_day": "of_times", "messages_per_day": "of_messages"}


def difference_lines(
    differences: Iterable[Difference],
    before: Policy | None,
    after: Policy,
    *,
    locale: str,
) -> list[str]:
    """Return one sentence for each difference: `Demo needs Amount (was: flagged ...)`.

    `before` and `after` are the versions that were compared.
    """
    speech = speak_of(after, locale)
    return [_line(speech, one, before or after, after) for one in differences]


def rule_text(policy: Policy, rule: RuleId, *, locale: str) -> str:
    """Return what a rule demands, as a clause; its id if the policy has none such."""
    statement = statements(policy).get(rule)
    if statement is None:
        return rule
    return _what(speak_of(policy, locale), statement, policy)


def power_text(power: Enforcement, *, locale: str) -> str:
    """Return what is done about a rule of this power: `put back`."""
    return speak(locale).say(f"power_{power.value}")


def _line(speech: Speech, one: Difference, before: Policy, after: Policy) -> str:
    old = "" if one.before is None else _what(speech, one.before, before)
    new = "" if one.after is None else _what(speech, one.after, after)
    told = one.after or one.before
    assert told is not None
    has_power = told.enforcement is not None
    was, now = (_power(speech, told, power) for power in one.powers)
    match one.kind:
        case DifferenceKind.ADDED:
            key = "change_added" if has_power else "change_added_plain"
        case DifferenceKind.REMOVED:
            key, new = "change_removed", old
        case DifferenceKind.POWER:
            key = "change_power"
        case DifferenceKind.CHANGED if old == new and was == now:
            key = "change_unsaid"
        case DifferenceKind.CHANGED if old == new:
            key = "change_power"
        case DifferenceKind.CHANGED:
            key = "change_content" if was == now else "change_content_power"
        case _:
            assert_never(one.kind)
    former = _former(speech, one, before) or old
    said = speech.say(key, what=new, before=former, old=was, new=now, power=now)
    return said[:1].upper() + said[1:]


def _former(speech: Speech, one: Difference, before: Policy) -> str:
    """Return what was asked, if only a condition changed; else nothing."""
    match one:
        case Difference(
            before=Statement(subject=Gated(_, old)), after=Statement(subject=Gated())
        ):
            return condition_text(before, old, speech)
        case Difference(
            before=Statement(subject=Check() as check),
            after=Statement(subject=Check() as other),
        ) if check == replace(
            other,
            condition=check.condition,
            enforcement=check.enforcement,
            goal=check.goal,
        ):
            return condition_text(before, check.condition.text, speech)
        case _:
            return ""


def _power(speech: Speech, told: Statement, power: Enforcement) -> str:
    if isinstance(told.subject, FollowUp | AutoMove):
        is_on = power in {Enforcement.FLAG, Enforcement.ENFORCE}
        return speech.say("power_awake" if is_on else "power_asleep")
    return speech.say(f"power_{power.value}")


def _what(speech: Speech, statement: Statement, policy: Policy) -> str:
    """Return what one statement says, to stand inside a sentence."""
    match statement.subject:
        case Needed() | Gated() | Placed() as subject:
            key, facts = _of_stage(speech, subject, policy)
        case Ordered() | Converted() | Allow() | AutoMove() as subject:
            key, facts = _of_move(speech, subject, policy)
        case Check() as check:
            key, facts = _checked(speech, check, policy)
        case FollowUp() as follow_up:
            key, facts = "what_follow_up", _follow_up(speech, follow_up, policy)
        case Setting() as setting:
            key, facts = _setting(speech, setting, policy)
        case _:
            assert_never(statement.subject)
    said = speech.say(key, the=speech.the(policy.kind), **facts)
    actors = _actors_of(statement.subject)
    if not actors:
        return said
    named = [speech.say(f"actor_{one}") for one in ActorClass if one in actors]
    return speech.say("what_of", what=said, actors=speech.listed(named, "or"))


def _actors_of(subject: Subject) -> Actors:
    """Return whom a statement speaks of, if not of everybody."""
    match subject:
        case Needed(stage) | Gated(stage):
            return stage.actors
        case Ordered() | Converted() | Check():
            return subject.actors
        case _:
            return EVERYBODY


def _of_stage(
    speech: Speech, subject: Needed | Gated | Placed, policy: Policy
) -> tuple[str, dict[str, str]]:
    facts = {"stage": subject.stage.label}
    match subject:
        case Needed(_, field):
            return "what_needed", {**facts, "field": field_label(policy, field)}
        case Gated(_, condition):
            said = condition_text(policy, condition, speech)
            return "what_gated", {**facts, "condition": said}
        case Placed(_, Stage() as before):
            return "what_after", {**facts, "before": before.label}
        case Placed(stage, _):
            return ("what_beside" if stage.position is None else "what_first"), facts
        case _:
            assert_never(subject)


def _of_move(
    speech: Speech, subject: Ordered | Converted | Allow | AutoMove, policy: Policy
) -> tuple[str, dict[str, str]]:
    match subject:
        case Ordered(name):
            return f"what_{name}", {}
        case Converted(name, seed):
            said = condition_text(policy, seed, speech)
            return f"what_convert_{name}", {"condition": said}
        case Allow():
            return _allowed(speech, subject, policy)
        case AutoMove():
            return "what_auto_move", _auto_move(speech, subject, policy)
        case _:
            assert_never(subject)


def _checked(
    speech: Speech, check: Check, policy: Policy
) -> tuple[str, dict[str, str]]:
    facts = {"condition": condition_text(policy, check.condition.text, speech)}
    if check.stages:
        labels = [one.label for one in policy.stages if one.id in check.stages]
        return "what_check_in", {**facts, "stages": speech.listed(labels, "or")}
    return "what_check_open" if check.while_open else "what_check", facts


def _auto_move(speech: Speech, move: AutoMove, policy: Policy) -> dict[str, str]:
    return {
        "from": stage_label(policy, move.from_stage),
        "to": stage_label(policy, move.to_stage),
        "condition": condition_text(policy, move.when.text, speech),
    }


def _allowed(
    speech: Speech, allow: Allow, policy: Policy
) -> tuple[str, dict[str, str]]:
    facts = {
        "from": stage_label(policy, allow.from_stage),
        "to": stage_label(policy, allow.to_stage),
        "why": one_line(allow.why).rstrip("."),
    }
    if allow.when is None:
        return "what_allow", facts
    condition = condition_text(policy, allow.when.text, speech)
    return "what_allow_when", {**facts, "condition": condition}


def _follow_up(speech: Speech, follow_up: FollowUp, policy: Policy) -> dict[str, str]:
    steps = []
    if follow_up.task is not None:
        # What is filled in later stands open here.
        task = _SLOT.sub("…", one_line(speech.pick(follow_up.task)))
        steps.append(speech.say("step_task", task=task))
    steps += [_step(speech, step) for step in follow_up.ladder]
    return {
        "start": _start(speech, follow_up, policy),
        "steps": speech.listed(steps) or speech.say("step_nothing"),
    }


def _start(speech: Speech, follow_up: FollowUp, policy: Policy) -> str:
    starts, the = follow_up.starts, speech.the(follow_up.kind)
    match starts.kind:
        case StartKind.CREATED:
            return speech.say("start_created", the=the)
        case StartKind.ENTERS:
            label = stage_label(policy, starts.stage)
            return speech.say("start_enters", the=the, stage=label)
        case StartKind.IDLE:
            assert starts.idle is not None
            key = "start_unplanned" if starts.asks_for_plan else "start_idle"
            return speech.say(key, length=speech.duration(starts.idle))
        case _:
            assert_never(starts.kind)


def _step(speech: Speech, step: Step) -> str:
    key = "step_remind" if step.kind is StepKind.REMIND else "step_escalate"
    if step.after.amount == 0:
        return speech.say(f"{key}_now")
    return speech.say(key, length=speech.duration(step.after))


def _setting(
    speech: Speech, setting: Setting, policy: Policy
) -> tuple[str, dict[str, str]]:
    key = f"set_{setting.name}"
    if key not in speech.words.phrases:
        return "set_other", {"name": setting.name.replace("_", " ")}
    return key, {"value": _value(speech, setting, policy)}


def _placeholders(speech: Speech, placeholders: Placeholders) -> str:
    said = [speech.say("no_answer_words")]
    if placeholders.repeated is not None:
        count = speech.value(float(placeholders.repeated))
        said.append(speech.say("no_answer_repeated", count=count))
    if placeholders.share is not None:
        share = speech.share(placeholders.share)
        said.append(speech.say("no_answer_share", share=share))
    allowed = sorted(f"“{text}”" for _, text in placeholders.allowed)
    if not allowed:
        return speech.listed(said)
    texts = speech.listed(allowed)
    return speech.say("no_answer_but", what=speech.listed(said), texts=texts)


def _lanes(speech: Speech, lanes: tuple[Lane, ...], policy: Policy) -> str:
    return speech.listed(
        [
            speech.say(
                "lane_alone" if one.never_in_digest else "lane",
                condition=condition_text(policy, one.when.text, speech),
                share=speech.share(one.factor),
            )
            for one in lanes
        ]
    )


def _limits(
    speech: Speech, limits: Placeholders | StormLimit | ParkLimit | SeenLimit
) -> str:
    if isinstance(limits, Placeholders):
        return _placeholders(speech, limits)
    if isinstance(limits, ParkLimit):
        return speech.say(
            "park_limit",
            length=speech.duration(limits.longest),
            count=speech.counted("of_times", limits.times),
        )
    if isinstance(limits, SeenLimit):
        return speech.say(
            "seen_limit",
            length=speech.duration(limits.lasts),
            count=speech.counted("of_times", limits.times),
        )
    return speech.say(
        "storm_limit",
        count=speech.counted("of_records", limits.returns),
        share=speech.share(limits.share),
    )


def _value(speech: Speech, setting: Setting, policy: Policy) -> str:
    match setting.name, setting.value:
        case "governs", Condition() as governs:
            said = condition_text(policy, governs.text, speech)
        case "goals", _:
            said = " ".join(speech.goals(policy, policy.goals.keys())).rstrip(".")
        case "title", _:
            said = speech.pick(policy.title)
        case "pipeline", str() as pipeline:
            said = policy.pipeline_name or pipeline
        case "locale", str() as locale:
            said = speech.language(locale)
        case ("returns_per_day" | "messages_per_day") as name, int() as count:
            said = speech.counted(_COUNTED[name], count)
        case "lanes", _:
            said = _lanes(speech, policy.lanes, policy)
        case _, value:
            said = _of_kind(speech, value)
    return said


def _of_kind(speech: Speech, value: object) -> str:
    match value:
        case Placeholders() | StormLimit() | ParkLimit() | SeenLimit():
            said = _limits(speech, value)
        case Duration():
            said = speech.duration(value)
        case Kind():
            said = speech.the(value)
        case Calendar():
            hours = f"{value.opens:%H:%M}–{value.closes:%H:%M}"
            said = f"{hours}, {value.timezone}"
        case datetime():
            said = speech.day(value)
        case _:
            said = one_line(str(value))
    return said
