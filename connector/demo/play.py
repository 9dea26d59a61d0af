"""Playing the demo, and telling it in a terminal while it happens."""

import itertools
import time
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from connector.demo.scenes import SCENES, Run, Scene, Seen, run_together
from connector.demo.showroom import Office, opened

DONE, FAILED = 0, 1

CUSTOMERS = (
    "Bakery De Korenaar",
    "Garage Jansen",
    "Dental practice Molar",
    "Hotel Zeezicht",
    "Florist Tulp",
    "Printer Drukwerk",
    "Brewery Gerst",
    "Shipyard Kiel",
    "Nursery Kweek",
    "Clinic Zuid",
    "Bookshop Blad",
    "Roofer Dakpan",
)

_PAUSE_SECONDS = 5.0


def play(*, is_once: bool, port: int) -> int:
    """Show what Slagboom does; return the exit code.

    Once through with `is_once`, 0 only if everything came that must; else until Ctrl-C.
    Raises DemoFailed and EmbeddedError if the demo's own installation does not start.
    """
    console = Console(highlight=False)
    console.print("Starting CRMs, a Slack, a mail server and Slagboom itself ...")
    with opened(port) as room:
        console.print(f"The page is at {room.url}", end="\n\n")
        customers = itertools.cycle(CUSTOMERS)

        def show(scene: Scene) -> list[Run]:
            return _show(console, scene, room.offices, customers)

        runs = [run for scene in SCENES for run in show(scene)]
        if is_once:
            return _sum_up(console, runs)
        console.print("The team goes on like this. Ctrl-C ends the demo.", end="\n\n")
        try:
            for scene in itertools.cycle(SCENES):
                time.sleep(_PAUSE_SECONDS)
                show(scene)
        except KeyboardInterrupt:
            console.print("The demo ends.")
    return DONE


def _show(
    console: Console,
    scene: Scene,
    offices: Sequence[Office],
    customers: Iterator[str],
) -> list[Run]:
    """Play a scene in every office, with a customer each, and tell what happens."""
    runs = [Run(scene, office, next(customers)) for office in offices]
    cast = ", ".join(f"{run.customer} in {run.office.title}" for run in runs)
    console.print(f"[bold]{scene.title}[/bold]\n  [dim]{cast}[/dim]")
    width = max(len(office.title) for office in offices)

    def tell(run: Run, seen: Seen) -> None:
        crm = run.office.title.ljust(width)
        console.print(f"  {_mark(seen)} {crm}  {seen.text} [dim]{_took(seen)}[/dim]")

    run_together(runs, tell)
    console.print()
    return runs


def _sum_up(console: Console, runs: Sequence[Run]) -> int:
    table = Table(title="What happened", title_justify="left")
    table.add_column("Somebody did this")
    table.add_column("in")
    table.add_column("Slagboom did that")
    table.add_column("after", justify="right")
    for run in runs:
        for number, seen in enumerate(run.seen):
            done = (f"{run.scene.title} ({run.customer})", run.office.title)
            table.add_row(*(done if number == 0 else ("", "")), seen.text, _took(seen))
    console.print(table)
    missing = sum(seen.seconds is None for run in runs for seen in run.seen)
    if missing:
        console.print(f"{missing} of these did not happen.")
        return FAILED
    console.print("All of it happened.")
    return DONE


def _mark(seen: Seen) -> str:
    return "[green]✓[/green]" if seen.seconds is not None else "[red]✗[/red]"


def _took(seen: Seen) -> str:
    return "never" if seen.seconds is None else f"{seen.seconds:.2f} s"
