"""What the shape refuses, in words for the person who wrote it."""

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rules.document.problems import Path, Problem, did_you_mean, listed
from rules.document.source import Source
from rules.document.words import Shape

UNKNOWN_KEY = "extra_forbidden"

_KINDS: Mapping[str, str] = {
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "dict": "keys with values",
    "list": "a list",
    "date": "a day",
    "datetime": "a moment",
    "NoneType": "nothing",
}
_WANTED: Mapping[str, str] = {
    "string_type": "text",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "list_type": "a list",
    "int_type": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_type": "true or false",
}


def refusals(
    error: ValidationError, source: Source, shape: type[Shape]
) -> list[Problem]:
    """Return what pydantic refuses as problems, each at its place in the source."""
    return [_problem(detail, source, shape) for detail in error.errors()]


def unknown_keys(error: ValidationError) -> list[Path]:
    """Return the paths of the keys that the shape does not have."""
    return [detail["loc"] for detail in error.errors() if detail["type"] == UNKNOWN_KEY]


def _problem(detail: ErrorDetails, source: Source, shape: type[Shape]) -> Problem:
    path: Path = detail["loc"]
    kind = detail["type"]
    if path and path[-1] == "[key]":
        return _bad_key(detail, path[:-1], source)
    if kind == UNKNOWN_KEY:
        message = _unknown(str(path[-1]), _shape_at(shape, path[:-1]))
        return source.problem(path, message, is_key=True)
    if kind == "missing":
        key = str(path[-1])
        place = source.problem(path[:-1], "", is_key=len(path) > 1)
        message = f"“{key}” is missing.{_meaning(_shape_at(shape, path[:-1]), key)}"
        return Problem(place.line, place.column, place.path, message)
    return source.problem(path, _message(detail))


def _bad_key(detail: ErrorDetails, path: Path, source: Source) -> Problem:
    if len(path) == 2 and path[0] == "fields":  # noqa: PLR2004
        wanted = "Write letters, digits and _, such as decision_maker."
    elif len(path) == 2 and path[0] == "stages":  # noqa: PLR2004
        wanted = "Write a name without a point, of at most 100 characters."
    else:
        wanted = "Write small letters, digits, - and _, such as call-new-lead."
    name = str(detail["input"])[:80]
    return source.problem(
        path, f"“{name}” cannot be a name here. {wanted}", is_key=True
    )


def _unknown(key: str, shape: type[Shape] | None) -> str:
    if shape is None:
        return f"The key “{key}” is not known here."
    later = shape.not_yet()
    if key in later:
        return f"“{key}” is not supported yet. {later[key]}"
    known = _keys(shape)
    hint = did_you_mean(key, known)
    return f"The key “{key}” is not known here.{hint} Known are: {listed(known)}."


def _keys(shape: type[Shape]) -> list[str]:
    return [field.alias or name for name, field in shape.model_fields.items()]


def _meaning(shape: type[Shape] | None, key: str) -> str:
    for name, field in shape.model_fields.items() if shape is not None else ():
        if key == (field.alias or name) and field.description:
            return f" {field.description}"
    return ""


def _message(detail: ErrorDetails) -> str:
    kind, context, found = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return _not_one_of(found, str(context["expected"]))
    if kind in _WANTED:
        is_bare = kind == "string_type" and isinstance(found, int | float)
        hint = " Put it in quotes." if is_bare else ""
        return (
            f"{_WANTED[kind].capitalize()} should stand here, not {_kind(found)}.{hint}"
        )
    if kind == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        return f"“{str(found)[:80]}” cannot be a name here. {_pattern_hint(pattern)}"
    return _of_length(kind, context) or f"{detail['msg']}."


def _of_length(kind: str, context: Mapping[str, Any]) -> str:
    if kind in {"string_too_short", "too_short"}:
        return "Something should stand here, and it is empty."
    if kind in {"string_too_long", "too_long"}:
        return f"This is too long: at most {context['max_length']} are possible."
    if kind == "greater_than_equal":
        return f"This is too little: at least {context['ge']} should stand here."
    if kind == "greater_than":
        return f"This is too little: it must be more than {context['gt']}."
    if kind == "less_than_equal":
        return f"This is too much: at most {context['le']} can stand here."
    return ""


def _pattern_hint(pattern: str) -> str:
    if "A-Z" in pattern:
        return "Write letters, digits and _, such as decision_maker."
    return "Write small letters, digits, - and _, such as new-business."


def _not_one_of(found: object, expected: str) -> str:
    words = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    if isinstance(found, str) and found in words:
        return f"Write {found} without quotes."
    said = f"“{found}”" if isinstance(found, str | int | float) else _kind(found)
    hint = did_you_mean(str(found), words)
    if len(words) == 1:
        return f"Only “{words[0]}” can stand here, not {said}.{hint}"
    return f"One of {listed(words)} should stand here, not {said}.{hint}"


def _kind(found: object) -> str:
    return _KINDS.get(type(found).__name__, "this")


def _shape_at(shape: type[Shape], path: Path) -> type[Shape] | None:
    """Return the shape of what stands at a path, None if it is none."""
    found: Any = shape
    for part in path:
        found = next(_inside(found, part), None)
    return next(_shapes(found), None)


def _inside(annotation: Any, part: str | int) -> Iterator[Any]:
    for shape in _shapes(annotation):
        for name, field in shape.model_fields.items():
            if part == (field.alias or name):
                yield field.annotation
    for one in _alternatives(annotation):
        if get_origin(one) in {dict, list}:
            yield get_args(one)[-1]


def _shapes(annotation: Any) -> Iterator[type[Shape]]:
    for one in _alternatives(annotation):
        if isinstance(one, type) and issubclass(one, Shape):
            yield one


def _alternatives(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin in {Union, UnionType}:
        for one in get_args(annotation):
            yield from _alternatives(one)
    else:
        yield annotation
