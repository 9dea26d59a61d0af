"""The object types: names, ids, scopes and what an answer holds when nobody asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One type of object. `scope` is the middle of `crm.objects.<scope>.read`.

    `stage` and `pipeline` name its properties for those, if it moves through one.
    `engagement`: an activity on other records' timelines.
    """

    name: str
    singular: str
    type_id: str
    scope: str
    modified: str
    created: str
    default: tuple[str, ...]
    required: tuple[str, ...] = ()
    pipeline: str = ""
    stage: str = ""
    is_engagement: bool = False
    searchable: tuple[str, ...] = ()


def _engagement(name: str, singular: str, type_id: str, *search: str) -> ObjectType:
    # Activities are guarded by the contacts' scopes, not by scopes of their own:
    # developers.hubspot.com/docs/api-reference/crm-tasks-v3/guide
    return ObjectType(
        name=name,
        singular=singular,
        type_id=type_id,
        scope="contacts",
        modified="hs_lastmodifieddate",
        created="hs_createdate",
        default=("hs_createdate", "hs_lastmodifieddate"),
        required=("hs_timestamp",),
        is_engagement=True,
        searchable=search,
    )


_ALL = (
    ObjectType(
        name="deals",
        singular="deal",
        type_id="0-3",
        scope="deals",
        modified="hs_lastmodifieddate",
        created="createdate",
        default=(
            "amount",
            "closedate",
            "createdate",
            "dealname",
            "dealstage",
            "hs_lastmodifieddate",
            "pipeline",
        ),
        pipeline="pipeline",
        stage="dealstage",
        searchable=("dealname",),
    ),
    ObjectType(
        name="contacts",
        singular="contact",
        type_id="0-1",
        scope="contacts",
        modified="lastmodifieddate",
        created="createdate",
        default=("createdate", "email", "firstname", "lastmodifieddate", "lastname"),
        searchable=("email", "firstname", "lastname"),
    ),
    ObjectType(
        name="companies",
        singular="company",
        type_id="0-2",
        scope="companies",
        modified="hs_lastmodifieddate",
        created="createdate",
        default=("createdate", "domain", "hs_lastmodifieddate", "name"),
        searchable=("name", "domain"),
    ),
    ObjectType(
        name="leads",
        singular="lead",
        type_id="0-136",
        scope="leads",
        modified="hs_lastmodifieddate",
        created="hs_createdate",
        default=("hs_createdate", "hs_lastmodifieddate"),
        required=("hs_lead_name",),
        pipeline="hs_pipeline",
        stage="hs_pipeline_stage",
        searchable=("hs_lead_name",),
    ),
    _engagement("tasks", "task", "0-27", "hs_task_subject", "hs_task_body"),
    _engagement("notes", "note", "0-46", "hs_note_body"),
    _engagement("calls", "call", "0-48", "hs_call_title", "hs_call_body"),
    _engagement("emails", "email", "0-49", "hs_email_subject"),
    _engagement("meetings", "meeting", "0-47", "hs_meeting_title"),
    ObjectType(
        name="quotes",
        singular="quote",
        type_id="0-14",
        scope="quotes",
        modified="hs_lastmodifieddate",
        created="hs_createdate",
        default=("hs_createdate", "hs_lastmodifieddate"),
        required=("hs_title", "hs_expiration_date"),
        searchable=("hs_title",),
    ),
)

TYPES = {one.name: one for one in _ALL}
_BY_ANY_NAME = {
    name: one for one in _ALL for name in (one.name, one.singular, one.type_id)
} | {"meeting_event": TYPES["meetings"], "0-4": TYPES["calls"]}


def find_type(name: str) -> ObjectType | None:
    """Return the type of a name (any case, plural or singular) or an id, or None."""
    return _BY_ANY_NAME.get(name.lower())


SCOPES = (
    *(
        f"crm.objects.{scope}.{right}"
        for scope in ("deals", "contacts", "companies", "leads", "quotes")
        for right in ("read", "write")
    ),
    "crm.objects.owners.read",
    "sales-email-read",
    "oauth",
)
"""What a token is granted unless the control interface takes some away."""
