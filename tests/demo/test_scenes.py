"""Playing scenes side by side: what comes of each is told in order, or given up."""

from collections.abc import Sequence
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from connector.demo.play import DONE, FAILED, _sum_up
from connector.demo.scenes import Consequence, Run, Scene, Seen, run_together

OFFICE: Any = SimpleNamespace(title="A CRM")
"""Scenes in which nobody does anything need no more of an office."""


def a_run(name: str, comes: Sequence[bool], *, patience: float = 60.0) -> Run:
    """Return a scene of which these consequences come at once, or never."""

    def play(*_: object) -> list[Consequence]:
        return [
            Consequence(f"{name}{number}", lambda has_come=one: has_come)
            for number, one in enumerate(comes)
        ]

    return Run(Scene(name, play), OFFICE, "Acme", patience=patience)


def told(*runs: Run) -> list[str]:
    texts: list[str] = []

    def tell(_run: Run, seen: Seen) -> None:
        texts.append(seen.text)

    run_together(runs, tell)
    return texts


def test_what_comes_of_a_scene_is_told_in_order():
    run = a_run("a", [True, True, True])
    assert told(run) == ["a0", "a1", "a2"]
    assert [one.text for one in run.seen] == ["a0", "a1", "a2"]
    assert all(one.seconds is not None for one in run.seen)


def test_what_does_not_come_is_given_up_and_what_follows_is_still_looked_for():
    run = a_run("a", [False, True], patience=0.0)
    assert told(run) == ["a0", "a1"]
    assert [one.seconds is None for one in run.seen] == [True, False]


def test_a_scene_that_waits_holds_no_other_up():
    slow = a_run("slow", [False], patience=0.2)
    quick = a_run("quick", [True, True])
    assert told(slow, quick) == ["quick0", "quick1", "slow0"]


@pytest.mark.parametrize(("comes", "code"), [(True, DONE), (False, FAILED)])
def test_the_exit_code_tells_whether_everything_came(*, comes: bool, code: int):
    run = a_run("a", [True, comes], patience=0.0)
    told(run)
    screen = StringIO()
    assert _sum_up(Console(file=screen, width=120), [run]) == code
    assert ("never" in screen.getvalue()) is not comes
