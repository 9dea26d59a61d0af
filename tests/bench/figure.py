"""What a measurement gives: a figure, beside its floor, a naive way and its target."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    `floor` is what nothing can beat, `naive` what the obvious way takes; both were
    measured in the same run, unless a text says how they were reckoned. The target is
    a most, or a least where `is_more_better`.
    """

    name: str
    measured: float
    unit: str = ""
    floor: float | str | None = None
    naive: float | str | None = None
    target: float | None = None
    is_more_better: bool = False
    remark: str = ""

    @property
    def verdict(self) -> str:
        """Whether the target is reached; nothing where there is none."""
        if self.target is None:
            return ""
        if self.is_more_better:
            return "reached" if self.measured >= self.target else "missed"
        return "reached" if self.measured <= self.target else "missed"


def to_table(figures: Iterable[Figure]) -> Table:
    """Return the figures as a table for a terminal."""
    table = Table(title_justify="left")
    table.add_column("figure")
    for name in ("measured", "floor", "naive", "target"):
        table.add_column(name, justify="right")
    table.add_column("")
    for one in figures:
        name = f"{one.name}\n  [dim]{one.remark}[/dim]" if one.remark else one.name
        sign = "≥" if one.is_more_better else "≤"
        target = "" if one.target is None else f"{sign} {_written(one.target)}"
        table.add_row(
            name,
            f"{_written(one.measured)} {one.unit}".rstrip(),
            _written(one.floor),
            _written(one.naive),
            target,
            one.verdict,
        )
    return table


def _written(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if value == int(value) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
