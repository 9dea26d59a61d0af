"""What the side-effect-free test of a connection or a channel has found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProbeLine:
    """One thing that a probe tried: what it is needed for and how it went."""

    what: str
    is_ok: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """A test without side effects, on the real path.

    `user` is the vendor's id of whom we work as, where it has one.
    """

    account: str
    lines: tuple[ProbeLine, ...]
    user: str = ""

    @property
    def is_ok(self) -> bool:
        """Return whether everything that is needed works."""
        return all(line.is_ok for line in self.lines)
