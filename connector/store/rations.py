"""Rations: so many messages a person is told one by one on a day, whoever sends them.

What is beyond them waits for the person's next digest. The smallest ration of the
policies that had something to tell a person on that day holds for all of them.
"""

from collections.abc import Collection
from datetime import date

from sqlalchemy import Connection, func, select, tuple_

from connector.store.notification_rows import NewNotification
from connector.store.tables import notifications

_LOCKS = 7_305_112_093
"""Tells the locks of rations from other advisory locks."""

_Day = tuple[str, date]


def find_beyond(
    connection: Connection, new: Collection[NewNotification]
) -> frozenset[str]:
    """Return the keys of the messages that wait for a digest, first come first told.

    Until the transaction ends nobody else counts for the persons that they are for.
    """
    rationed = [(one, one.ration) for one in new if one.ration is not None]
    if not rationed:
        return frozenset()
    for person in sorted({one.message.to for one, _ in rationed}):
        connection.execute(
            select(func.pg_advisory_xact_lock(func.hashtextextended(person, _LOCKS)))
        )
    days = {(one.message.to, ration.on) for one, ration in rationed}
    told, budgets = _counted(connection, days)
    for one, ration in rationed:
        day = (one.message.to, ration.on)
        budgets[day] = min(ration.budget, budgets.get(day, ration.budget))
    beyond = set()
    for one, ration in rationed:
        day = (one.message.to, ration.on)
        if told.get(day, 0) < budgets[day]:
            told[day] = told.get(day, 0) + 1
        else:
            beyond.add(one.message.key)
    return frozenset(beyond)


def _counted(
    connection: Connection, days: Collection[_Day]
) -> tuple[dict[_Day, int], dict[_Day, int]]:
    """Return how much was told one by one on these days, and the smallest budgets."""
    counted = connection.execute(
        select(
            notifications.c.person,
            notifications.c.counts_on,
            func.count().filter(notifications.c.digest_at.is_(None)).label("told"),
            func.min(notifications.c.budget).label("budget"),
        )
        .where(
            tuple_(notifications.c.person, notifications.c.counts_on).in_(sorted(days))
        )
        .group_by(notifications.c.person, notifications.c.counts_on)
    ).all()
    return (
        {(row.person, row.counts_on): row.told for row in counted},
        {(row.person, row.counts_on): row.budget for row in counted},
    )
