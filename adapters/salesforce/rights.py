"""What our user must be allowed to do, and what for: the probe and the set-up share it.

Pure. Objects that every user may read, such as OpportunityStage and TaskStatus, need no
right and are not among them.
"""

from dataclasses import dataclass
from enum import StrEnum


class Access(StrEnum):
    """What a permission set grants on an object, by the flag that describes it."""

    READ = "queryable"
    CREATE = "createable"
    EDIT = "updateable"


@dataclass(frozen=True, slots=True)
class Right:
    """One right on one object. An optional one is only needed by some policies."""

    object: str
    access: Access
    purpose: str
    is_optional: bool = False


RIGHTS = (
    Right("Opportunity", Access.READ, "read deals"),
    Right("OpportunityHistory", Access.READ, "see how deals came where they are"),
    Right("OpportunityContactRole", Access.READ, "see who is involved in deals"),
    Right("User", Access.READ, "know who owns what"),
    Right("Task", Access.READ, "see calls, and which tasks are completed"),
    Right("Event", Access.READ, "see meetings"),
    Right("Opportunity", Access.EDIT, "write deals: put forbidden moves back"),
    Right("Task", Access.CREATE, "create tasks"),
    Right("FeedItem", Access.CREATE, "explain in a post", is_optional=True),
    Right("EmailMessage", Access.READ, "see e-mails", is_optional=True),
    Right("Quote", Access.READ, "see whether there is a quote", is_optional=True),
    Right("Lead", Access.READ, "read leads", is_optional=True),
    Right("Lead", Access.EDIT, "write leads: put moves back", is_optional=True),
    Right("LeadHistory", Access.READ, "see how leads moved", is_optional=True),
    Right("Contact", Access.READ, "read contacts", is_optional=True),
    Right("Account", Access.READ, "read accounts", is_optional=True),
)

WRITTEN = ("StageName", "Probability", "ForecastCategoryName", "CloseDate")
"""The fields of an opportunity that a return sets."""
