"""What the admin is told about a record: plain text of four parts."""

from rules.model import Actor, ActorClass, Record
from rules.policy import Policy
from rules.wording.messages import MessageText
from rules.wording.speech import (
    Speech,
    is_code,
    one_line,
    shorten,
    speak,
    speak_of,
)

NAME_LENGTH = 100


def duel_alert(policy: Policy, record: Record, actor: Actor, locale: str) -> str:
    """Return that a record was put back too often in a day, and who goes on with it."""
    speech = speak_of(policy, locale)
    told = speech.say(
        "duel_alert",
        who=_who(speech, actor),
        name=shorten(speech.name(record), NAME_LENGTH),
        policy=policy.process,
        count=speech.counted("of_times", policy.returns_per_day),
    )
    lines = [
        told,
        speech.say("duel_why"),
        speech.say("duel_do", the=speech.the(policy.kind)),
        record.url,
    ]
    return " ".join(line for line in lines if line)


def _who(speech: Speech, actor: Actor) -> str:
    name = "" if is_code(actor.name) else shorten(one_line(actor.name), NAME_LENGTH)
    if name or actor.kind is not ActorClass.PERSON:
        return speech.automation(actor) or name or speech.say("a_somebody")
    return speech.say("actor_person")


def actor_text(actor: Actor, locale: str) -> str:
    """Return who makes changes, as a phrase: an automation, a name, or somebody."""
    return _who(speak(locale), actor)


def storm_alert(
    policy: Policy,
    connection: str,
    *,
    moved: int,
    returned: int,
    actor: Actor,
    locale: str,
) -> MessageText:
    """Return the question to the sponsor of a process that meets too many changes.

    `moved` records went against it, of which `returned` are put back.
    """
    speech = speak_of(policy, locale)
    facts = {
        "process": speech.pick(policy.title) or policy.process,
        "connection": connection,
        "count": speech.value(float(moved)),
        "returned": speech.value(float(returned)),
        "who": _who(speech, actor),
    }
    keys = (
        "storm_happened",
        "storm_why",
        "storm_do",
        "storm_permit",
        "storm_return",
        "storm_look",
    )
    return MessageText(
        subject=speech.say("storm_subject", **facts),
        lines=tuple(speech.say(key, **facts) for key in keys),
        link_text=speech.say("storm_link"),
    )


def storm_settled(
    policy: Policy, *, answer: str, person: str, locale: str
) -> MessageText:
    """Return that a storm was answered: `permit`, `return` or `resume`, and by whom."""
    speech = speak_of(policy, locale)
    process = speech.pick(policy.title) or policy.process
    return MessageText(
        subject=speech.say("storm_settled_subject", process=process),
        lines=(speech.say(f"storm_settled_{answer}", process=process, person=person),),
        link_text=speech.say("storm_link"),
    )
