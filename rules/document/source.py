"""YAML as plain values, with the place of each; nothing but values is made of it.

No tags, one document, bounded in size, depth and number of values, so that a hostile
text costs little. Keys are text; a key that comes twice is a problem.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError

from rules.document.problems import DocumentInvalid, Path, Problem, path_text

MOST_CHARACTERS = 200_000
MOST_VALUES = 20_000
"""Values in one document, those that an alias repeats included."""
MOST_DEPTH = 20

_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text; both count from 1."""

    line: int
    column: int


START = Place(1, 1)


@dataclass(frozen=True, slots=True)
class Source:
    """A document's values, and where its keys and values stand."""

    text: str
    values: Any
    keys: Mapping[Path, Place]
    places: Mapping[Path, Place]

    def place(self, path: Path) -> Place:
        """Return where a value stands; of one that is absent, what it belongs to."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, START)

    def key_place(self, path: Path) -> Place:
        """Return where the key of a value stands; of a list's item, the item."""
        return self.keys.get(path) or self.place(path)

    def problem(self, path: Path, message: str, *, is_key: bool = False) -> Problem:
        """Return a problem with what stands at `path`, or with its key."""
        place = self.key_place(path) if is_key else self.place(path)
        return Problem(place.line, place.column, path_text(path), message)

    def within(self, path: Path, text: str, column: int, message: str) -> Problem:
        """Return a problem at a column (from 1) of a one-line text at `path`.

        A text that stands on more lines, or is escaped, is pointed at as a whole.
        """
        place = self.place(path)
        lines = self.text.splitlines()
        line = lines[place.line - 1] if place.line <= len(lines) else ""
        start = place.column - 1
        if line[start : start + 1] in {'"', "'"}:
            start += 1
        offset = (
            column - 1 if line[start:].startswith(text) else place.column - 1 - start
        )
        return Problem(place.line, start + 1 + offset, path_text(path), message)


@dataclass(slots=True, eq=False)
class _Node:
    place: Place
    scalar: Any = None
    items: list["_Node"] | None = None
    pairs: list[tuple["_Node", "_Node"]] | None = None
    key: "_Node | None" = None

    def take(self, child: "_Node") -> None:
        """Add a child in the order that the parser finds it."""
        if self.items is not None:
            self.items.append(child)
        elif self.pairs is not None and self.key is None:
            self.key = child
        elif self.pairs is not None and self.key is not None:
            self.pairs.append((self.key, child))
            self.key = None


def read(text: str) -> Source:
    """Return the values of one YAML document. Raises DocumentInvalid."""
    if len(text) > MOST_CHARACTERS:
        raise _invalid(
            START,
            f"A document has at most {MOST_CHARACTERS:,} characters."
            f" This one has {len(text):,}.",
        )
    try:
        root = _build(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = START if mark is None else Place(mark.line + 1, mark.column + 1)
        what = error.problem or error.context or "it cannot be read"
        raise _invalid(place, f"This is no YAML: {what}.") from error
    except ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise _invalid(place, "A character here may not stand in YAML.") from error
    except (YAMLError, ValueError) as error:
        if isinstance(error, DocumentInvalid):
            raise
        raise _invalid(START, f"This is no YAML: {error}.") from error
    unfolding = _Unfolding()
    values = unfolding.unfold(root, ())
    if unfolding.problems:
        raise DocumentInvalid(unfolding.problems)
    return Source(text, values, unfolding.keys, unfolding.places)


def _build(text: str) -> _Node:
    yaml = YAML(typ="safe", pure=True)
    building = _Building(yaml)
    for event in yaml.parse(text):
        building.take(event)
    if building.root is None:
        raise _invalid(START, "The document is empty.")
    return building.root


class _Building:
    """The tree of one document, from the events of its parser."""

    def __init__(self, yaml: YAML) -> None:
        self.root: _Node | None = None
        self._yaml = yaml
        self._stack: list[_Node] = []
        self._anchors: dict[str, _Node] = {}
        self._documents = 0

    def take(self, event: Any) -> None:
        match event:
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise _invalid(_place(event), "One file holds one document.")
            case MappingEndEvent() | SequenceEndEvent():
                self._stack.pop()
            case AliasEvent():
                repeated = self._find(event)
                self._stack[-1].take(repeated)
            case ScalarEvent():
                self._add(event, _scalar(self._yaml, event))
            case MappingStartEvent():
                self._enter(event, _Node(_place(event), pairs=[]))
            case SequenceStartEvent():
                self._enter(event, _Node(_place(event), items=[]))
            case _:
                pass

    def _find(self, event: AliasEvent) -> _Node:
        """Return what an alias repeats."""
        found = self._anchors.get(event.anchor)
        if found is None:
            raise _invalid(_place(event), f"*{event.anchor} repeats what is not there.")
        if found in self._stack:
            raise _invalid(
                _place(event), f"*{event.anchor} repeats what it is a part of."
            )
        return found

    def _add(self, event: Any, node: _Node) -> None:
        _refuse_tag(event)
        if event.anchor:
            self._anchors[event.anchor] = node
        if self._stack:
            self._stack[-1].take(node)
        else:
            self.root = node

    def _enter(self, event: Any, node: _Node) -> None:
        self._add(event, node)
        self._stack.append(node)
        if len(self._stack) > MOST_DEPTH:
            raise _invalid(node.place, f"This lies more than {MOST_DEPTH} deep.")


def _refuse_tag(event: Any) -> None:
    if event.ctag is not None and str(event.ctag) not in {"", "!"}:
        raise _invalid(_place(event), f"Tags such as {event.ctag} are not allowed.")


def _scalar(yaml: YAML, event: ScalarEvent) -> _Node:
    place, text = _place(event), event.value
    is_plain = bool(event.implicit[0])
    tag = str(yaml.resolver.resolve(ScalarNode, text, event.implicit))
    if not is_plain or not tag.startswith(_TAG):
        return _Node(place, text)
    kind = tag.removeprefix(_TAG)
    if kind == "timestamp":
        return _Node(place, _moment(text, place))
    if kind in {"int", "float", "bool", "null"}:
        node = ScalarNode(tag, text)
        return _Node(place, yaml.constructor.construct_object(node))
    if kind == "merge":
        raise _invalid(place, "Merging with << is not supported. Write the keys out.")
    return _Node(place, text)


def _moment(text: str, place: Place) -> date | datetime:
    try:
        is_day = len(text) <= len("2026-12-31")
        return date.fromisoformat(text) if is_day else datetime.fromisoformat(text)
    except ValueError as error:
        raise _invalid(
            place, f"“{text}” is no date. Write 2026-12-31 or 2026-12-31T09:00:00Z."
        ) from error


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _invalid(place: Place, message: str) -> DocumentInvalid:
    return DocumentInvalid([Problem(place.line, place.column, "", message)])


@dataclass(slots=True)
class _Unfolding:
    keys: dict[Path, Place] = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def unfold(self, node: _Node, path: Path) -> Any:
        """Return the values of a node and note where everything stands."""
        if len(self.places) >= MOST_VALUES or len(path) > MOST_DEPTH:
            raise _invalid(node.place, "The document holds too many values.")
        self.places[path] = node.place
        if node.items is not None:
            return [
                self.unfold(item, (*path, index))
                for index, item in enumerate(node.items)
            ]
        if node.pairs is None:
            return node.scalar
        found: dict[str, Any] = {}
        for key, child in self._keyed(node, path):
            found[key] = self.unfold(child, (*path, key))
        return found

    def _keyed(self, node: _Node, path: Path) -> Iterator[tuple[str, _Node]]:
        seen: dict[str, Place] = {}
        for key, child in node.pairs or ():
            if key.items is not None or key.pairs is not None or key.scalar is None:
                message = "A key has to be a single word."
                self._note(key.place, path, message)
                continue
            name = str(key.scalar)
            if name in seen:
                message = f"This key stands here already, on line {seen[name].line}."
                self._note(key.place, (*path, name), message)
                continue
            seen[name] = self.keys[*path, name] = key.place
            yield name, child

    def _note(self, place: Place, path: Path, message: str) -> None:
        problem = Problem(place.line, place.column, path_text(path), message)
        self.problems.append(problem)
