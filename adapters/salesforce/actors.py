"""Who made a change, from the user that Salesforce names. Pure.

A flow, an import and an integration each run as some user: Salesforce tells whose name
a change was made in, and seldom more. Only its own automatic users can be told apart.
"""

from adapters.salesforce.ids import is_same
from rules.model import UNKNOWN_ACTOR, Actor, ActorClass

_BY_USER_TYPE = {
    "AutomatedProcess": ActorClass.WORKFLOW,
    "CloudIntegrationUser": ActorClass.INTEGRATION,
}


def to_actor(
    user_id: str, *, ours: str | None, name: str = "", user_type: str = ""
) -> Actor:
    """Return the actor of a change; what the user `ours` did, we did ourselves.

    `name` and `user_type` are the user's own fields, where they were asked for.
    """
    if not user_id:
        return UNKNOWN_ACTOR
    if ours and is_same(user_id, ours):
        return Actor(ActorClass.OURSELVES, name or user_id, user_id)
    kind = _BY_USER_TYPE.get(user_type, ActorClass.PERSON)
    return Actor(kind, name or user_id, user_id)
