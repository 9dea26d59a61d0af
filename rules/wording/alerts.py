"""What the admin is told about a record: plain text of four parts."""

from rules.model import Actor, Record
from rules.policy import Policy
from rules.wording.speech import Speech, one_line, shorten, speak

NAME_LENGTH = 100


def duel_alert(policy: Policy, record: Record, actor: Actor, locale: str) -> str:
    """Return that a record was put back too often in a day, and who goes on with it."""
    speech = speak(locale, policy.calendar.timezone)
    told = speech.say(
        "duel_alert",
        who=_who(speech, actor),
        name=shorten(speech.name(record), NAME_LENGTH),
        policy=policy.process,
        count=speech.value(float(policy.returns_per_day)),
    )
    lines = [
        told,
        speech.say("duel_why"),
        speech.say("duel_do", the=speech.the(policy.kind)),
        record.url,
    ]
    return " ".join(line for line in lines if line)


def _who(speech: Speech, actor: Actor) -> str:
    name = shorten(one_line(actor.name), NAME_LENGTH)
    return speech.automation(actor) or name or speech.say("a_somebody")
