"""What the admin is told when Slagboom cannot work on an account."""

from enum import StrEnum

from rules.wording.messages import MessageText
from rules.wording.speech import SUBJECT_LENGTH, one_line, shorten, speak

REASON_LENGTH = 1000


class Alarm(StrEnum):
    """What is wrong with an account."""

    REFUSED = "refused"
    EXHAUSTED = "exhausted"


def alarm_text(
    alarm: Alarm, *, account: str, reason: str, locale: str, zone: str
) -> MessageText:
    """Return what is wrong with an account, why it matters and what to do.

    `reason` is in English, as the admin also finds it on the page.
    """
    speech = speak(locale, zone)
    subject = speech.say(f"alarm_{alarm}_subject", account=account)
    lines = (
        speech.say(
            f"alarm_{alarm}_what",
            account=account,
            reason=shorten(one_line(reason), REASON_LENGTH),
        ),
        speech.say(f"alarm_{alarm}_why", account=account),
        speech.say(f"alarm_{alarm}_do", account=account),
    )
    return MessageText(
        shorten(subject, SUBJECT_LENGTH), lines, link_text=speech.say("alarm_link")
    )


def alarm_over(account: str, *, locale: str, zone: str) -> MessageText:
    """Return that Slagboom works on an account again."""
    speech = speak(locale, zone)
    subject = speech.say("alarm_over_subject", account=account)
    lines = (speech.say("alarm_over", account=account),)
    return MessageText(
        shorten(subject, SUBJECT_LENGTH), lines, link_text=speech.say("alarm_link")
    )
