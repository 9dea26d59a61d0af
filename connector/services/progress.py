"""How far a long piece of work has come, for whoever waits for it."""

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""Told how many were done, and of how many, None if that is not known."""


def silent(_done: int, _total: int | None) -> None:
    """Show no progress."""
