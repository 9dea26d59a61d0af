"""What a fresh org has: stages, statuses and an integration user."""

from typing import NamedTuple


class Stage(NamedTuple):
    """One stage, with what an opportunity in it gets. Probability is a percentage."""

    name: str
    probability: float
    forecast: str = "Pipeline"
    is_closed: bool = False
    is_won: bool = False


STAGES = (
    Stage("Prospecting", 10),
    Stage("Qualification", 10),
    Stage("Needs Analysis", 20),
    Stage("Value Proposition", 50),
    Stage("Id. Decision Makers", 60),
    Stage("Perception Analysis", 70),
    Stage("Proposal/Price Quote", 75),
    Stage("Negotiation/Review", 90),
    Stage("Closed Won", 100, "Closed", is_closed=True, is_won=True),
    Stage("Closed Lost", 0, "Omitted", is_closed=True),
)

LEAD_STATUSES = (
    ("Open - Not Contacted", False),
    ("Working - Contacted", False),
    ("Closed - Converted", True),
    ("Closed - Not Converted", False),
)
"""Each with whether it says that the lead was converted; the first is the default."""

TASK_STATUSES = (
    ("Not Started", False),
    ("In Progress", False),
    ("Completed", True),
    ("Waiting on someone else", False),
    ("Deferred", False),
)
"""Each with whether it closes the task; the first is the default."""

TASK_PRIORITIES = (("High", True), ("Normal", False), ("Low", False))
"""Each with whether it is urgent."""

FORECAST_CATEGORIES = {
    "Omitted": "Omitted",
    "Pipeline": "Pipeline",
    "Best Case": "BestCase",
    "Most Likely": "MostLikely",
    "Commit": "Forecast",
    "Closed": "Closed",
}
"""The name that people see, and what `ForecastCategory` holds."""

INTEGRATION_USER = "integration@acme.sandbox"
MASTER_RECORD_TYPE = "012000000000000AAA"
