"""Reasons as sentences: what happened, and what a person can do about it."""

from collections.abc import Mapping, Sequence

from rules.model import FieldName, Reason, ReasonCode, Value, Verdict
from rules.placeholder_words import Meaning
from rules.policy import Policy
from rules.wording.conditions import condition_text
from rules.wording.speech import (
    VALUE_LENGTH,
    Speech,
    field_label,
    fill,
    option_label,
    shorten,
    speak_of,
)

_VALUES = frozenset({"old", "new", "value"})
"""Facts that are values of the field that the reason is about."""

_WITHOUT_LANGUAGE = frozenset({Meaning.FILLER, Meaning.NOBODY, Meaning.LABEL})
"""Meanings that are said as they are: translating the word would say no more."""


def reason_text(reason: Reason, policy: Policy, locale: str) -> str:
    """Return what happened, as one or two sentences of plain text."""
    return reason_in(speak_of(policy, locale), reason, policy)


def reason_in(speech: Speech, reason: Reason, policy: Policy) -> str:
    """Return what happened, in a speech that is at hand."""
    return fill(speech.words.reasons[reason.code], facts_of(speech, reason, policy))


def to_do_in(speech: Speech, reason: Reason, policy: Policy) -> str:
    """Return what a person can do about it; empty if there is nothing to do."""
    sentence = speech.words.to_do.get(reason.code, "")
    return fill(sentence, facts_of(speech, reason, policy))


def needs_text(verdicts: Sequence[Verdict], policy: Policy, locale: str) -> list[str]:
    """Return what is still needed, each thing once; where nobody can act, why not."""
    speech = speak_of(policy, locale)
    lines = (
        to_do_in(speech, verdict.reason, policy)
        or reason_in(speech, verdict.reason, policy)
        for verdict in verdicts
    )
    return list(dict.fromkeys(lines))


def to_dos(speech: Speech, verdicts: Sequence[Verdict], policy: Policy) -> list[str]:
    """Return what there is to do about these verdicts, each thing once."""
    lines = (to_do_in(speech, verdict.reason, policy) for verdict in verdicts)
    return list(dict.fromkeys(line for line in lines if line))


def facts_of(speech: Speech, reason: Reason, policy: Policy) -> dict[str, str]:
    """Return the facts of a reason as words, by the names of the sentences' slots."""
    facts = {
        "this": speech.this(policy.kind),
        "the": speech.the(policy.kind),
        "for_stage": "",
    }
    stage = reason.facts.get("stage")
    if stage is not None:
        facts["for_stage"] = speech.say("for_stage", stage=speech.value(stage))
    if reason.code is ReasonCode.FIELD_PLACEHOLDER:
        facts["because"] = _because(speech, reason.facts)
    for name, value in reason.facts.items():
        if name == "field":
            facts[name] = field_label(policy, str(value))
        elif name == "condition":
            facts[name] = condition_text(policy, str(value), speech)
        elif name == "why" and reason.code is ReasonCode.ALLOWED:
            facts[name] = shorten(str(value).strip(), VALUE_LENGTH)
        elif name in _VALUES:
            field = FieldName(str(reason.facts.get("field")))
            facts[name] = option_label(policy, field, value) or speech.value(value)
        else:
            facts[name] = speech.value(value)
    return facts


def _because(speech: Speech, facts: Mapping[str, Value]) -> str:
    """Return why a text is no answer: which list it is on, or which shape it has."""
    meaning, language = facts.get("meaning"), facts.get("language")
    if meaning in _WITHOUT_LANGUAGE or (meaning is None and facts["why"] == "word"):
        return speech.say(f"why_{meaning or Meaning.FILLER}")
    if meaning is not None:
        said = speech.say(f"meaning_{meaning}")
        if language == speech.words.language:
            return speech.say("why_own_word", meaning=said)
        named = speech.say(f"language_{language}")
        return speech.say("why_word", language=named, meaning=said)
    return speech.say(
        f"why_{facts['why']}",
        count=speech.value(facts.get("count")),
        share=speech.share(facts.get("share")),
    )
