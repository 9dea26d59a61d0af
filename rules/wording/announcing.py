"""What people are told of new versions of a policy, before and afterwards."""

from datetime import datetime

from rules.comparing import compare
from rules.policy import Policy
from rules.wording.differences import difference_lines
from rules.wording.messages import MessageText
from rules.wording.speech import SUBJECT_LENGTH, one_line, shorten, speak_of

MOST_LINES = 12
"""Differences that one message tells; who wants them all asks the sponsor."""


def announcement(
    before: Policy | None,
    after: Policy,
    *,
    effective_at: datetime,
    now: datetime,
    zone: str,
    locale: str,
) -> MessageText:
    """Return what was decided, from when, what changes in people's work, and why.

    What is only observed changes nothing for anybody, and is left out. `zone` is the
    IANA name of the reader's time zone.
    """
    speech = speak_of(after, locale, zone=zone)
    touching = [one for one in compare(before, after) if one.touches_people]
    told = difference_lines(touching[:MOST_LINES], before, after, locale=locale)
    process = shorten(one_line(speech.pick(after.title)), SUBJECT_LENGTH // 2)
    moment = speech.moment(effective_at, now=now)
    what = "announce_what" if told else "announce_nothing"
    lines = [speech.say(what, process=process, moment=moment)]
    lines += [f"• {line}" for line in told]
    if len(touching) > len(told):
        lines.append(speech.say("announce_more", count=str(len(touching) - len(told))))
    wanted = {one.goal for one in touching if one.goal is not None}
    goals = " ".join(speech.goals(after, wanted))
    if goals:
        lines.append(speech.say("announce_why", goals=goals))
    do = "announce_do" if after.sponsor else "announce_do_nobody"
    lines.append(speech.say(do, sponsor=after.sponsor or ""))
    day = speech.day(effective_at)
    subject = speech.say("announce_subject", process=process, day=day)
    return MessageText(shorten(subject, SUBJECT_LENGTH), tuple(lines), link_text="")


def version_heading(
    policy: Policy,
    state: str,
    *,
    number: int,
    effective_at: datetime,
    author: str,
    note: str,
    now: datetime,
    locale: str,
) -> str:
    """Return one line about a version: since when it holds, who changed it and why.

    `state` is `pending`, `current`, `retired` or `withdrawn`.
    """
    speech = speak_of(policy, locale)
    moment = speech.moment(effective_at, now=now)
    version = speech.say(f"version_{state}", number=str(number), moment=moment)
    return speech.say("version_by", version=version, author=author, note=note)


def retraction(policy: Policy, *, locale: str) -> MessageText:
    """Return what such a message is replaced with when the version is withdrawn."""
    speech = speak_of(policy, locale)
    process = shorten(one_line(speech.pick(policy.title)), SUBJECT_LENGTH // 2)
    return MessageText(
        speech.say("withdrawn_subject", process=process),
        (speech.say("withdrawn", process=process),),
        link_text="",
    )
