"""Reading a policy document: its text becomes a shape, or every fault of it."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from rules.document.meaning import faults
from rules.document.problems import DocumentInvalid, Path, Problem
from rules.document.refusals import refusals, unknown_keys
from rules.document.shape import DocumentShape
from rules.document.source import Source, read


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document that is right in itself, not yet compared with an account."""

    shape: DocumentShape
    source: Source

    @property
    def process(self) -> str:
        """Return the name of the process."""
        return self.shape.process

    @property
    def connection(self) -> str:
        """Return the name of the connection that the document is for."""
        return self.shape.connection


def parse(text: str) -> Document:
    """Return the document that `text` is. Raises DocumentInvalid with every fault.

    What only the account can tell (stages, fields, conditions) `compile_policy` looks
    at.
    """
    source = read(text)
    if not isinstance(source.values, dict):
        raise DocumentInvalid(
            [source.problem((), "A policy is written as keys with values: version: 1.")]
        )
    problems: list[Problem] = []
    shape = _shape(source, problems)
    if shape is not None:
        problems.extend(faults(shape, source))
    if shape is None or problems:
        raise DocumentInvalid(problems)
    return Document(shape, source)


def _shape(source: Source, problems: list[Problem]) -> DocumentShape | None:
    """Return the shape and note what is wrong; None if too much is."""
    try:
        return DocumentShape.model_validate(source.values)
    except ValidationError as error:
        problems.extend(refusals(error, source, DocumentShape))
        values = _without(source.values, unknown_keys(error))
    # An unknown key need not hide what else is wrong with the rest.
    try:
        return DocumentShape.model_validate(values)
    except ValidationError:
        return None


def _without(values: Any, paths: list[Path]) -> Any:
    kept = deepcopy(values)
    for path in paths:
        holder = kept
        for part in _steps(path[:-1]):
            holder = holder[part]
        del holder[path[-1]]
    return kept


def _steps(path: Path) -> Iterator[Any]:
    yield from path
