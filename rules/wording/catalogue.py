"""What a language needs to have: nouns, sentences and small words.

A sentence holds `{names}` that are filled in. Everything a language must say is a field
here or a key that both languages have; a test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.model import EvidenceKind, Noun, ReasonCode
from rules.policy import StepKind


@dataclass(frozen=True, slots=True)
class NounForms:
    """A noun with its articles: `this` begins a sentence, `the` stands inside one."""

    this: str
    the: str


@dataclass(frozen=True, slots=True)
class Count:
    """A thing that is counted: one, more of them, and one with its article."""

    one: str
    many: str
    article: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that Slagboom says in one language.

    `reasons` tell what happened, `to_do` what a person can do about it, `escalations`
    how a message of a ladder ends, by the kind of its step.
    """

    language: str
    nouns: Mapping[Noun, NounForms]
    counts: Mapping[EvidenceKind, Count]
    reasons: Mapping[ReasonCode, str]
    to_do: Mapping[ReasonCode, str]
    escalations: Mapping[StepKind, str]
    phrases: Mapping[str, str]
