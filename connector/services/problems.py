"""What is wrong at this moment, found from figures. In no language yet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from connector.store.channels import Channel
from connector.store.health import Figures, has_failed
from connector.store.setup import Account
from connector.store.streams import Unheard

LATE = timedelta(minutes=1)
"""What has waited longer than this does not move by itself."""

QUIET = timedelta(minutes=10)
"""A stream of changes that gives no sign of life for so long is not listened to."""


class ProblemCode(StrEnum):
    """What is wrong; the pages have a sentence and a remedy for each."""

    REDIS_AWAY = "redis_away"
    NO_WORKER = "no_worker"
    DELIVERIES_LATE = "deliveries_late"
    RECORDS_LATE = "records_late"
    CLOCKS_LATE = "clocks_late"
    DELIVERIES_DEAD = "deliveries_dead"
    MESSAGES_FAILED = "messages_failed"
    CONNECTION_FAILING = "connection_failing"
    CONNECTION_PAUSED = "connection_paused"
    CHANNEL_FAILING = "channel_failing"
    STREAM_SILENT = "stream_silent"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, about `name` or a number of things, since `since_at`."""

    code: ProblemCode
    name: str = ""
    count: int = 0
    since_at: datetime | None = None


def find_problems(
    figures: Figures,
    accounts: Sequence[Account],
    channels: Sequence[Channel],
    unheard: Sequence[Unheard],
    *,
    waiting: int | None,
    workers: int | None,
    now: datetime,
) -> tuple[Problem, ...]:
    """Return what is wrong at `now`, what stops everything first.

    `unheard` are the accounts whose streams have been quiet. `waiting` hints and
    `workers` are None if Redis cannot be reached.
    """
    return (
        *_stopped(waiting, workers),
        *_late(figures, now),
        *_failed(figures),
        *_accounts(accounts),
        *(
            Problem(
                ProblemCode.STREAM_SILENT, name=one.connection, since_at=one.since_at
            )
            for one in unheard
        ),
        *(
            Problem(ProblemCode.CHANNEL_FAILING, name=channel.name)
            for channel in channels
            if has_failed(channel.last_test)
        ),
    )


def _stopped(waiting: int | None, workers: int | None) -> Iterator[Problem]:
    if waiting is None or workers is None:
        yield Problem(ProblemCode.REDIS_AWAY)
    elif workers == 0:
        yield Problem(ProblemCode.NO_WORKER)


def _late(figures: Figures, now: datetime) -> Iterator[Problem]:
    for code, count, oldest_at in (
        (
            ProblemCode.DELIVERIES_LATE,
            figures.deliveries_waiting,
            figures.deliveries_oldest_at,
        ),
        (ProblemCode.RECORDS_LATE, figures.records_due, figures.records_oldest_at),
        (ProblemCode.CLOCKS_LATE, figures.clocks_due, figures.clocks_oldest_at),
    ):
        if count and oldest_at is not None and now - oldest_at > LATE:
            yield Problem(code, count=count, since_at=oldest_at)


def _failed(figures: Figures) -> Iterator[Problem]:
    if figures.deliveries_dead:
        yield Problem(ProblemCode.DELIVERIES_DEAD, count=figures.deliveries_dead)
    if figures.notifications_failed:
        yield Problem(ProblemCode.MESSAGES_FAILED, count=figures.notifications_failed)


def _accounts(accounts: Sequence[Account]) -> Iterator[Problem]:
    for account in accounts:
        if account.paused_at is not None:
            yield Problem(
                ProblemCode.CONNECTION_PAUSED,
                name=account.name,
                since_at=account.paused_at,
            )
        if has_failed(account.probe):
            yield Problem(
                ProblemCode.CONNECTION_FAILING,
                name=account.name,
                since_at=account.probed_at,
            )
