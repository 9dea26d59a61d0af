"""Who made a change, from HubSpot's change sources. Pure.

A change source is one of the sources of a property's history; the set is open (119 in
August 2026), so words are looked for where a name is not known.
"""

from rules.model import UNKNOWN_ACTOR, Actor, ActorClass

_USER = "userId:"
_EXACT = {
    "CRM_UI": ActorClass.PERSON,
    "CRM_UI_BULK_ACTION": ActorClass.PERSON,
    "BATCH_UPDATE": ActorClass.PERSON,
    "PROPERTY_RESTORE": ActorClass.PERSON,
    "ACTIVITY_LOG_REVERT": ActorClass.PERSON,
    "RESTORE_OBJECTS": ActorClass.PERSON,
    "TASK": ActorClass.PERSON,
    "AUTOMATION_PLATFORM": ActorClass.WORKFLOW,
    "SEQUENCES": ActorClass.WORKFLOW,
    "APPROVALS": ActorClass.WORKFLOW,
    "IMPORT": ActorClass.IMPORT,
    "INTEGRATION": ActorClass.INTEGRATION,
    "API": ActorClass.INTEGRATION,
    "SALESFORCE": ActorClass.INTEGRATION,
    "BREEZE_AGENT": ActorClass.AGENT,
}
_WORDS = (
    ("AGENT", ActorClass.AGENT),
    ("WORKFLOW", ActorClass.WORKFLOW),
    ("AUTOMATION", ActorClass.WORKFLOW),
    ("IMPORT", ActorClass.IMPORT),
    ("INTEGRATION", ActorClass.INTEGRATION),
    ("MOBILE", ActorClass.PERSON),
)


def to_actor(
    source: str,
    source_id: str = "",
    *,
    app_id: int | None,
    user_id: str = "",
    label: str = "",
) -> Actor:
    """Return the actor of a change; writes of the app `app_id` are our own."""
    if not source:
        return UNKNOWN_ACTOR
    user = user_id or _user_in(source_id)
    if source == "INTEGRATION" and app_id is not None and source_id == str(app_id):
        return Actor(ActorClass.OURSELVES, label or source)
    return Actor(_class_of(source, user), label or _name(source, source_id), user)


def _class_of(source: str, user: str) -> ActorClass:
    found = _EXACT.get(source)
    if found is not None:
        return found
    for word, kind in _WORDS:
        if word in source:
            return kind
    return ActorClass.PERSON if user else ActorClass.UNKNOWN


def _name(source: str, source_id: str) -> str:
    """Return the source, with the app's number where only that tells apps apart."""
    return f"{source} {source_id}" if source == "INTEGRATION" and source_id else source


def _user_in(source_id: str) -> str:
    if not source_id.startswith(_USER):
        return ""
    return source_id.removeprefix(_USER).partition(";")[0]
