"""What is wrong with a document, and where, in words for the person who wrote it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

Path = tuple[str | int, ...]
"""The way to a value: keys, and places in lists from 0."""

_LISTED = 20


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault. `line` and `column` count from 1; `path` is empty for the whole."""

    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        """Return `line:column path: message`."""
        place = f"{self.line}:{self.column}"
        return (
            f"{place} {self.path}: {self.message}"
            if self.path
            else (f"{place} {self.message}")
        )


class DocumentInvalid(ValueError):
    """A document that cannot be used; `problems` are all its faults, in its order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems, sorted by place, each once."""
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def path_text(path: Path) -> str:
    """Return a path as people write it: `moves.allow[1].when`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else part
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean “x”?` for the known word that is nearest, or nothing."""
    near = nearest(word, known)
    return f" Did you mean “{near}”?" if near is not None else ""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` was probably meant to be; case is no matter."""
    by_fold = {one.casefold(): one for one in known}
    found = get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None


def listed(words: Iterable[str]) -> str:
    """Return words as a list in a sentence, cut when there are very many."""
    every = list(words)
    more = f" and {len(every) - _LISTED} more" if len(every) > _LISTED else ""
    return ", ".join(every[:_LISTED]) + more
