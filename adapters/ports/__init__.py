"""The doors to the outside. An adapter implements these; services know only these.

A port raises nothing but the errors of `adapters.errors`. Batches in, batches out: an
adapter cuts them to its vendor's sizes and shares the account's request budget.
"""

from adapters.ports.changes import (
    ChangeSource,
    ChangeStream,
    DeliveryRefused,
    Fetched,
    Heard,
    HeardKind,
    Inbound,
    Subscription,
)
from adapters.ports.crm import (
    Crm,
    CrmUser,
    FieldWrite,
    Note,
    Outcome,
    OutcomeKind,
    Passage,
    Task,
    Traced,
)
from adapters.ports.messages import Item, Message, Notifier, Sent
from adapters.ports.probe import Probe, ProbeLine

__all__ = [
    "ChangeSource",
    "ChangeStream",
    "Crm",
    "CrmUser",
    "DeliveryRefused",
    "Fetched",
    "FieldWrite",
    "Heard",
    "HeardKind",
    "Inbound",
    "Item",
    "Message",
    "Note",
    "Notifier",
    "Outcome",
    "OutcomeKind",
    "Passage",
    "Probe",
    "ProbeLine",
    "Sent",
    "Subscription",
    "Task",
    "Traced",
]
