"""What an account has: the pipelines, stages and fields that a policy is made for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from rules.model import (
    FieldMap,
    FieldType,
    Kind,
    Noun,
    PipelineId,
    PropertyName,
    StageId,
)


@dataclass(frozen=True, slots=True)
class AccountStage:
    """A stage as the account has it."""

    id: StageId
    label: str
    is_closed: bool = False
    is_won: bool = False
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class AccountPipeline:
    """A pipeline as the account has it; stages in the account's order."""

    id: PipelineId
    label: str
    stages: tuple[AccountStage, ...]


@dataclass(frozen=True, slots=True)
class AccountProperty:
    """A field as the account has it. `is_free_text`: people write what they like.

    `options` are the values that are chosen from, where they are called otherwise.
    """

    name: PropertyName
    label: str
    type: FieldType
    is_read_only: bool = False
    is_free_text: bool = False
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountKind:
    """What the account has for one kind of record.

    `builtin` maps the neutral names that every account of this vendor has, `places`
    the stage and the owner, which records have apart from their fields.
    """

    builtin: FieldMap
    pipelines: tuple[AccountPipeline, ...]
    properties: tuple[AccountProperty, ...]
    places: FieldMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """What a document is checked against. `vendor` is the key used under `fields`.

    `nouns` has what the CRM calls a kind of record where that is not the kind's name.
    """

    vendor: str
    kinds: Mapping[Kind, AccountKind]
    asked_on: date | None = None
    nouns: Mapping[Kind, Noun] = field(default_factory=dict)
