"""What is doubtful about follow-ups: nothing comes of them, or nobody hears."""

from collections.abc import Iterator

from rules.document import Document, Problem
from rules.document.problems import Path
from rules.policy import Duration, FollowUp, Policy, StartKind, Unit

_SECONDS = {
    Unit.SECONDS: 1,
    Unit.MINUTES: 60,
    Unit.HOURS: 3600,
    Unit.DAYS: 86_400,
    Unit.WORKING_HOURS: 3600,
    # A working day is some working hours, so the two can be compared roughly.
    Unit.WORKING_DAYS: 8 * 3600,
}
_WORKING = frozenset({Unit.WORKING_HOURS, Unit.WORKING_DAYS})


def find_in_follow_ups(document: Document, policy: Policy) -> Iterator[Problem]:
    """Yield follow-ups that nothing comes of, settles, or that nobody hears of."""
    for follow_up in policy.follow_ups:
        path: Path = ("follow_ups", follow_up.name)
        if follow_up.task is None and not follow_up.ladder:
            yield document.source.problem(
                path,
                "Nothing comes of this: it makes no task and tells nobody.",
                is_key=True,
            )
        if follow_up.ladder and policy.fallback is None:
            yield document.source.problem(
                (*path, "ladder"),
                "This ladder may end at nobody: an owner without a manager has nobody"
                " above. Add people: with fallback:, an address that is always read.",
                is_key=True,
            )
        is_settled = (
            follow_up.done_by or follow_up.is_done_by_task or follow_up.done_when
        )
        is_idle = follow_up.starts.kind is StartKind.IDLE
        if follow_up.ladder and not is_settled and not is_idle:
            yield document.source.problem(
                path,
                "Nothing settles this, so everybody on the ladder is always told."
                " Add done_by: or done_when:.",
                is_key=True,
            )
        yield from _order(document, follow_up, path)


def _order(document: Document, follow_up: FollowUp, path: Path) -> Iterator[Problem]:
    for index, (one, other) in enumerate(
        zip(follow_up.ladder, follow_up.ladder[1:], strict=False), start=1
    ):
        units = {one.after.unit in _WORKING, other.after.unit in _WORKING}
        if len(units) == 1 and _length(other.after) <= _length(one.after):
            yield document.source.problem(
                (*path, "ladder", index),
                "This step does not come after the one before it, so both people hear"
                " of it at once.",
            )


def _length(duration: Duration) -> int:
    return duration.amount * _SECONDS[duration.unit]
