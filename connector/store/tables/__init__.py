"""The tables, in one place. Everything that falls due has its due time in a row here.

Three habits hold throughout. A row that somebody must work on has a due column with a
partial index, so that looking for work costs what is due and not what exists. A worker
takes rows by a lease (`lease`, `leased_until`), so that a worker that dies gives them
back by itself. A thing that must not happen twice has a unique key.
"""

from connector.store.tables.accounts import (
    audit,
    connections,
    deliveries,
    notices,
    streams,
)
from connector.store.tables.columns import metadata
from connector.store.tables.following import (
    attempts,
    channels,
    clocks,
    notifications,
    owners,
    parks,
    people,
)
from connector.store.tables.judging import (
    holds,
    interventions,
    judgements,
    reversals,
    runs,
    violations,
)
from connector.store.tables.processes import (
    exemptions,
    permits,
    process_versions,
    processes,
    storms,
)
from connector.store.tables.records import (
    allowed_answers,
    changes,
    common_texts,
    records,
    texts,
)

__all__ = [
    "allowed_answers",
    "attempts",
    "audit",
    "changes",
    "channels",
    "clocks",
    "common_texts",
    "connections",
    "deliveries",
    "exemptions",
    "holds",
    "interventions",
    "judgements",
    "metadata",
    "notices",
    "notifications",
    "owners",
    "parks",
    "people",
    "permits",
    "process_versions",
    "processes",
    "records",
    "reversals",
    "runs",
    "storms",
    "streams",
    "texts",
    "violations",
]
