"""Explaining a record: where it stands, and what would come of moving it.

In four parts, as notes and messages: what would happen, why it matters, what to do,
where to click. Plain text in lines.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rules.comparing import statements
from rules.exemptions import ALL, Exemption, covers, judged_rules
from rules.explaining import Outlook, Prospect
from rules.model import ReasonCode, Record, RuleId, StageId, Verdict
from rules.policy import Policy
from rules.wording.differences import rule_text
from rules.wording.notes import stage_label
from rules.wording.reasons import needs_text, reason_in, to_dos
from rules.wording.speech import Speech, speak, speak_of


@dataclass(frozen=True, slots=True)
class Section:
    """One part of an explanation: a title, and lines of plain text."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a record besides its fields.

    `against` are the verdicts that stand against it, `wish` the stage to which somebody
    wanted to move it and `lacks` what that waits for. `clocks` are the follow-ups that
    run, each with when it looks next.
    """

    entered_at: datetime | None = None
    owner_name: str = ""
    against: tuple[Verdict, ...] = ()
    wish: StageId | None = None
    lacks: tuple[Verdict, ...] = ()
    clocks: tuple[tuple[RuleId, datetime], ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    is_paused: bool = False


def explain(
    policy: Policy,
    record: Record,
    standing: Standing,
    prospect: Prospect | None,
    *,
    now: datetime,
    locale: str,
) -> tuple[Section, ...]:
    """Return an explanation; without `prospect` only of where the record stands."""
    speech = speak_of(policy, locale)
    sections = [
        Section(
            speech.say("explain_stands"),
            tuple(_stands(speech, policy, record, standing, now=now)),
        )
    ]
    if prospect is not None:
        to = stage_label(policy, prospect.to)
        sections += [
            Section(
                speech.say("explain_happens", to=to),
                tuple(_happens(speech, policy, prospect, standing)),
            ),
            Section(speech.say("why"), tuple(_why(speech, policy, prospect, standing))),
            Section(speech.say("do"), tuple(_do(speech, policy, prospect))),
        ]
    open_ = speech.say("open", name=speech.name(record))
    sections.append(Section(open_, (record.url,)))
    return tuple(one for one in sections if any(one.lines))


def not_followed(record: Record, locale: str) -> str:
    """Return that no policy speaks of a record."""
    speech = speak(locale)
    return speech.say("explain_nowhere", name=speech.name(record))


def _stands(
    speech: Speech, policy: Policy, record: Record, standing: Standing, *, now: datetime
) -> Iterable[str]:
    facts = {
        "name": speech.name(record),
        "stage": stage_label(policy, record.stage),
        "person": standing.owner_name,
        "process": speech.pick(policy.title),
    }
    if standing.entered_at is None:
        yield speech.say("explain_in", **facts)
    else:
        moment = speech.moment(standing.entered_at, now=now)
        yield speech.say("explain_in_since", moment=moment, **facts)
    yield speech.say("with" if standing.owner_name else "with_nobody", **facts)
    if standing.is_paused:
        yield speech.say("explain_paused")
    for verdict in standing.against:
        said = reason_in(speech, verdict.reason, policy)
        yield speech.say("explain_against", what=said)
    if standing.wish is not None:
        wished = stage_label(policy, standing.wish)
        yield speech.say("explain_held", the=speech.the(policy.kind), stage=wished)
        yield from needs_text(standing.lacks, policy, speech.region.language)
    known = statements(policy)
    for rule, at in standing.clocks:
        what = rule_text(policy, rule, locale=speech.region.language)
        if rule in known:
            yield speech.say(
                "explain_clock", what=what, moment=speech.moment(at, now=now)
            )
    for one in standing.exemptions:
        key = "explain_exempt_all" if one.rule == ALL else "explain_exempt"
        what = speech.listed(_waived(policy, one, speech.region.language))
        yield speech.say(key, what=what, moment=speech.moment(one.until, now=now))


def _waived(policy: Policy, exemption: Exemption, locale: str) -> list[str]:
    """Return what an exemption frees from; its rule if the policy has none such."""
    rules = [one for one in judged_rules(policy) if covers(exemption.rule, one)]
    found = (rule_text(policy, rule, locale=locale) for rule in rules)
    return list(found) or [exemption.rule]


def _happens(
    speech: Speech, policy: Policy, prospect: Prospect, standing: Standing
) -> Iterable[str]:
    outlook = prospect.outlook
    if standing.is_paused and outlook not in {Outlook.UNGOVERNED, Outlook.PASSES}:
        outlook = Outlook.OBSERVED
    returned_to = prospect.plan.return_to
    yield speech.say(
        f"outlook_{outlook.value}",
        the=speech.the(policy.kind),
        to=stage_label(policy, prospect.to),
        stage="" if returned_to is None else stage_label(policy, returned_to),
        process=speech.pick(policy.title),
    )
    for verdict in (*prospect.wanting, *prospect.doubtful):
        yield _reason(speech, verdict, policy)


def _reason(speech: Speech, verdict: Verdict, policy: Policy) -> str:
    """Return a reason as notes say it, but for what has not happened yet."""
    facts = {name: speech.value(value) for name, value in verdict.reason.facts.items()}
    match verdict.reason.code:
        case ReasonCode.STAGES_SKIPPED:
            return speech.say("would_skip", **facts)
        case ReasonCode.MOVED_BACK:
            return speech.say("would_go_back", **facts)
        case _:
            return reason_in(speech, verdict.reason, policy)


def _why(
    speech: Speech, policy: Policy, prospect: Prospect, standing: Standing
) -> Sequence[str]:
    told = (*prospect.wanting, *standing.against)
    return speech.goals(policy, {one.goal for one in told if one.goal is not None})


def _do(speech: Speech, policy: Policy, prospect: Prospect) -> Iterable[str]:
    yield from to_dos(speech, prospect.wanting, policy)
    if prospect.outlook in {Outlook.RETURNED, Outlook.HELD}:
        key = "exception" if policy.sponsor else "exception_nobody"
        yield speech.say(key, sponsor=policy.sponsor or "")
