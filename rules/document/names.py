"""Which property of an account each field of a document means."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

from rules.account import AccountKind, AccountProperty
from rules.document.problems import Path, Problem, did_you_mean, listed
from rules.document.reading import Document
from rules.expressions import Condition, ConditionInvalid, compile_condition
from rules.facts import NOT_FIELDS, fields_read
from rules.model import (
    AMOUNT,
    CLOSE_DATE,
    FORECAST_CATEGORY,
    OWNER,
    PLACES,
    PROBABILITY,
    FieldName,
    FieldType,
    PropertyName,
)
from rules.tokens import read_tokens

_USUAL: Mapping[FieldName, FieldType] = {
    AMOUNT: FieldType.NUMBER,
    CLOSE_DATE: FieldType.DATE,
    PROBABILITY: FieldType.NUMBER,
    FORECAST_CATEGORY: FieldType.TEXT,
    FieldName("currency"): FieldType.TEXT,
    FieldName("name"): FieldType.TEXT,
    FieldName("lost_reason"): FieldType.TEXT,
}
_MOST_GUESSED = 3


@dataclass(slots=True)
class Names:
    """The fields that a document may speak of, and those that it does speak of.

    `known` is None where no account can be asked: any name may then be a property.
    """

    document: Document
    problems: list[Problem]
    known: dict[FieldName, AccountProperty] | None
    fields: dict[FieldName, PropertyName] = field(default_factory=dict)
    types: dict[FieldName, FieldType] = field(default_factory=dict)
    labels: dict[FieldName, str] = field(default_factory=dict)
    options: dict[FieldName, Mapping[str, str]] = field(default_factory=dict)
    free_texts: set[FieldName] = field(default_factory=set)
    places: dict[FieldName, PropertyName] = field(default_factory=dict)

    def use(self, name: str, path: Path) -> FieldName:
        """Note that the policy needs this field, or that there is none."""
        word = FieldName(name)
        if word == OWNER:
            return word
        if self.known is None:
            self._note(word, _imagined(word, _USUAL.get(word, FieldType.TEXT)))
        elif word in self.known:
            self._note(word, self.known[word])
        else:
            self.problems.append(self.document.source.problem(path, self._lack(name)))
        return word

    def condition(self, text: str | None, path: Path) -> Condition | None:
        """Return a compiled condition; None if there is none, or if it is a problem."""
        if text is None:
            return None
        try:
            condition, types = self._compile(text)
        except ConditionInvalid as error:
            meant = error.suggestion
            hint = "" if meant is None else f" Did you mean “{meant}”?"
            self.problems.append(
                self.document.source.within(
                    path, text, error.column, f"{error.message}{hint}"
                )
            )
            return None
        for name in sorted(fields_read(condition) - PLACES):
            word = FieldName(name)
            if self.known is None:
                self._note(word, _imagined(word, types[word]))
            else:
                self._note(word, self.known[word])
        return condition

    def _note(self, name: FieldName, found: AccountProperty) -> None:
        self.fields[name] = found.name
        self.types[name] = found.type
        if found.is_free_text:
            self.free_texts.add(name)
        if found.label:
            self.labels[name] = found.label
        if found.options:
            self.options[name] = found.options

    def _lack(self, name: str) -> str:
        known = self.known or {}
        usual = sorted({*_USUAL, *self.document.shape.fields} & known.keys())
        kind = self.document.shape.record
        return (
            f"“{name}” is no field of a {kind}: neither a usual one, nor under fields,"
            f" nor a property of the account.{did_you_mean(name, known)}"
            f" Usual are: {listed(usual) or 'none'}."
        )

    def _compile(self, text: str) -> tuple[Condition, Mapping[FieldName, FieldType]]:
        if self.known is not None:
            types = {name: one.type for name, one in self.known.items()}
            types[OWNER] = FieldType.TEXT
            return compile_condition(text, types), types
        types = {**_USUAL, OWNER: FieldType.TEXT}
        unknown = _unknown_names(text, types)
        if len(unknown) > _MOST_GUESSED:
            unknown = unknown[:_MOST_GUESSED]
        first: ConditionInvalid | None = None
        for guess in product(FieldType, repeat=len(unknown)):
            tried = {**types, **dict(zip(unknown, guess, strict=True))}
            try:
                return compile_condition(text, tried), tried
            except ConditionInvalid as error:
                first = first or error
        assert first is not None
        raise first


def names_in(
    document: Document,
    vendor: str,
    kind: AccountKind,
    problems: list[Problem],
) -> Names:
    """Return the fields that a document may use in an account, and note its faults."""
    properties = {one.name: one for one in kind.properties}
    known = {FieldName(one.name): one for one in kind.properties}
    builtin = {
        name: _as_usual(name, properties[theirs])
        for name, theirs in kind.builtin.items()
        if theirs in properties
    }
    known.update(builtin)
    own: dict[FieldName, AccountProperty] = {}
    for name, by_vendor in document.shape.fields.items():
        word = FieldName(name)
        theirs = by_vendor.get(vendor, by_vendor.get(""))
        path: Path = ("fields", name, vendor)
        if theirs is None and word not in known:
            problems.append(
                document.source.problem(
                    ("fields", name),
                    f"“{name}” has no property in {vendor}."
                    f" Add {vendor}: and its name.",
                    is_key=True,
                )
            )
        elif theirs is not None and PropertyName(theirs) not in properties:
            hint = did_you_mean(theirs, properties)
            problems.append(
                document.source.problem(
                    path, f"The account has no property “{theirs}”.{hint}"
                )
            )
            # Named once is enough: its uses are no faults of their own.
            own[word] = _imagined(word, _USUAL.get(word, FieldType.TEXT))
        elif theirs is not None:
            own[word] = properties[PropertyName(theirs)]
    known.update(own)
    names = Names(document, problems, {**known})
    names.places = dict(kind.places)
    for name in (*builtin, *own):
        if name not in PLACES:
            # What the CRM changes along with the stage has to be read to be put back.
            names.use(name, ())
    for place in PLACES:
        known.pop(place, None)
    names.known = known
    return names


def names_without_account(document: Document, problems: list[Problem]) -> Names:
    """Return the fields of a document where no account can be asked."""
    names = Names(document, problems, None)
    for name in (*_USUAL, *document.shape.fields):
        names.use(name, ())
    return names


def _unknown_names(text: str, types: Mapping[FieldName, FieldType]) -> list[FieldName]:
    words = (token.text for token in read_tokens(text) if token.kind == "name")
    return list(dict.fromkeys(_own_names(words, types)))


def _own_names(
    words: Iterable[str], types: Mapping[FieldName, FieldType]
) -> Iterator[FieldName]:
    taken = NOT_FIELDS | PLACES | {"true", "false", "null", "in", "days", "size"}
    taken |= {"contains", "startsWith", "endsWith"}
    return (
        FieldName(word)
        for word in words
        if word not in taken and FieldName(word) not in types
    )


def _as_usual(name: FieldName, found: AccountProperty) -> AccountProperty:
    """Return a usual field as conditions see it: a day, not the CRM's moment."""
    is_day = _USUAL.get(name) is FieldType.DATE and found.type is FieldType.INSTANT
    return replace(found, type=FieldType.DATE) if is_day else found


def _imagined(name: FieldName, kind: FieldType) -> AccountProperty:
    return AccountProperty(PropertyName(name), "", kind)
