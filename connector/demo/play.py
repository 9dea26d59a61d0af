"""Playing the demo, and telling it in a terminal while it happens."""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from connector.demo.scenes import SCENES, Scene, Seen
from connector.demo.showroom import Showroom, opened

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


@dataclass(slots=True)
class _Told:
    """What came of a scene."""

    scene: Scene
    customer: str
    seen: list[Seen] = field(default_factory=list)


def play(*, is_once: bool, port: int) -> int:
    """Show what Slagboom does; return the exit code.

    Once through with `is_once`, 0 only if everything came that must; else until Ctrl-C.
    Raises DemoFailed and EmbeddedError if the demo's own installation does not start.
    """
    console = Console(highlight=False)
    console.print("Starting a CRM, a Slack, a mail server and Slagboom itself ...")
    with opened(port) as room:
        console.print(f"The page is at {room.url}", end="\n\n")
        customers = itertools.cycle(CUSTOMERS)
        told = [_play_scene(console, room, one, next(customers)) for one in SCENES]
        if is_once:
            return _sum_up(console, told)
        console.print("The team goes on like this. Ctrl-C ends the demo.", end="\n\n")
        try:
            for scene in itertools.cycle(SCENES):
                time.sleep(_PAUSE_SECONDS)
                _play_scene(console, room, scene, next(customers))
        except KeyboardInterrupt:
            console.print("The demo ends.")
    return DONE


def _play_scene(console: Console, room: Showroom, scene: Scene, customer: str) -> _Told:
    console.print(f"[bold]{scene.title}[/bold]  [dim]{customer}[/dim]")
    told = _Told(scene, customer)

    def tell(seen: Seen) -> None:
        told.seen.append(seen)
        console.print(f"  {_mark(seen)} {seen.text} [dim]{_took(seen)}[/dim]")

    scene.run(room, customer, tell)
    console.print()
    return told


def _sum_up(console: Console, told: Sequence[_Told]) -> int:
    table = Table(title="What happened", title_justify="left")
    table.add_column("Somebody did this")
    table.add_column("Slagboom did that")
    table.add_column("after", justify="right")
    for one in told:
        for number, seen in enumerate(one.seen):
            title = f"{one.scene.title} ({one.customer})" if number == 0 else ""
            table.add_row(title, seen.text, _took(seen))
    console.print(table)
    missing = sum(seen.seconds is None for one in told for seen in one.seen)
    if missing:
        console.print(f"{missing} of these did not happen.")
        return FAILED
    console.print("All of it happened.")
    return DONE


def _mark(seen: Seen) -> str:
    return "[green]✓[/green]" if seen.seconds is not None else "[red]✗[/red]"


def _took(seen: Seen) -> str:
    return "never" if seen.seconds is None else f"{seen.seconds:.2f} s"
