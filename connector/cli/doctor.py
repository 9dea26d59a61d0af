"""`slagboom doctor`."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click

from adapters.errors import OutsideError
from connector.bootstrap import Application
from connector.cli.output import as_json, say
from connector.cli.session import opened
from connector.errors import Ending, SlagboomError
from connector.services.problems import QUIET
from connector.store.connections import Connection
from connector.web.reader import Reader


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was looked at: what, whether it is well, and what to do if not."""

    what: str
    is_ok: bool
    message: str = ""


@click.command()
@as_json
def doctor(*, is_json: bool) -> int:
    """Find out what is wrong with this installation.

    Asks the database, Redis, every account and every channel, without side effects.
    Ends with 1 if anything is wrong.
    """
    with opened() as app:
        findings = list(_examine(app))
    if is_json:
        say(json.dumps([asdict(one) for one in findings], indent=2))
    else:
        for one in findings:
            mark = "ok   " if one.is_ok else "WRONG"
            say(f"{mark}  {one.what}" + (f": {one.message}" if one.message else ""))
        wrong = sum(not one.is_ok for one in findings)
        say(f"{wrong} of these need you." if wrong else "All is well.")
    return Ending.DONE if all(one.is_ok for one in findings) else Ending.FOUND


def _examine(app: Application) -> Iterator[Finding]:
    with app.store.begin() as tx:
        lacks = tx.health.lacks()
    yield Finding("database", not lacks, ", ".join(lacks))
    yield Finding(
        "Redis",
        app.queue.answers(),
        "" if app.queue.answers() else "It does not answer; see REDIS_URL.",
    )
    seen = app.overview.look()
    reader = Reader("en", seen.now)
    for problem in seen.problems:
        text = reader.say(problem.code.value, name=problem.name, count=problem.count)
        yield Finding("operation", is_ok=False, message=text)
    for notice in seen.notices:
        yield Finding("notice", is_ok=False, message=notice.message)
    for connection in app.accounts.all():
        try:
            probe = app.accounts.probe(connection)
        except (OutsideError, SlagboomError) as error:
            yield Finding(f"account {connection.name}", is_ok=False, message=str(error))
            continue
        for line in probe.lines:
            what = f"account {connection.name}: {line.what}"
            yield Finding(what, line.is_ok, line.message)
        yield from _examine_stream(app, connection)
    for channel in app.channels.all():
        try:
            probe = app.channels.probe(channel.name)
        except (OutsideError, SlagboomError) as error:
            yield Finding(f"channel {channel.name}", is_ok=False, message=str(error))
            continue
        for line in probe.lines:
            what = f"channel {channel.name}: {line.what}"
            yield Finding(what, line.is_ok, line.message)


def _examine_stream(app: Application, connection: Connection) -> Iterator[Finding]:
    """Yield whether each topic is listened to; what is refused, the probe has told."""
    stream = app.stream_for(connection)
    if stream is None:
        return
    with app.store.begin() as tx:
        found = {one.topic: one for one in tx.streams.of(connection.id)}
    since = app.clock.now() - QUIET
    for topic in stream.topics:
        state = found.get(topic)
        if state is not None and state.refused_at is not None:
            continue
        alive_at = None if state is None else state.alive_at
        is_heard = alive_at is not None and alive_at >= since
        message = "" if is_heard else "Nobody listens. See that `slagboom listen` runs."
        yield Finding(f"account {connection.name}: stream {topic}", is_heard, message)
