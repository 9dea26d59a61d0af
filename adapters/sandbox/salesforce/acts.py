"""What people, flows and imports do in the org, as the control paths ask it."""

from collections.abc import Mapping
from typing import Any

from adapters.sandbox.salesforce import ids, moments, writes
from adapters.sandbox.salesforce.catalog import ObjectType
from adapters.sandbox.salesforce.errors import ApiError
from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.records import Author, Record

Json = dict[str, Any]

_LOGGED: Mapping[str, tuple[str, Json]] = {
    "call": ("Task", {"Subject": "Call", "TaskSubtype": "Call", "Status": "Completed"}),
    "task": ("Task", {"Subject": "Task"}),
    "meeting": ("Event", {"Subject": "Meeting", "DurationInMinutes": 60}),
    "email": ("EmailMessage", {"Subject": "E-mail", "Incoming": False}),
    "post": ("FeedItem", {"Body": "Post"}),
    "quote": ("Quote", {"Name": "Quote"}),
    "contact": ("OpportunityContactRole", {}),
}


class Refused(ValueError):
    """A control request that makes no sense; the text says why."""


def kind_of(org: Org, name: Any) -> ObjectType:
    """Return a type that the org has."""
    found = org.type(str(name or "Opportunity"))
    if found is None:
        raise Refused(f"this org has no {name!r}")
    return found


def record_of(org: Org, record_id: Any) -> Record:
    """Return a living record by an id of either form."""
    found = any_record_of(org, record_id)
    if found.is_deleted:
        raise Refused(f"{record_id} is deleted")
    return found


def any_record_of(org: Org, record_id: Any) -> Record:
    """Return a record, deleted or not."""
    known = ids.find(record_id)
    found = None if known is None else org.find(known)
    if found is None:
        raise Refused(f"there is no record {record_id!r}")
    return found


def author_of(org: Org, raw: Mapping[str, Any]) -> Author:
    """Return who acts: `user` by e-mail address, else the integration user.

    With `client` it is a call of another program under that name.
    """
    user = raw.get("user")
    user_id = org.user_id(str(user)) if user else org.integration_id
    client = str(raw.get("client") or "")
    return Author(user_id, client, is_api=bool(client))


def values_of(org: Org, kind: ObjectType, fields: Mapping[str, Any]) -> Json:
    """Return fields as a request has them.

    Days and instants may be relative, such as `-8d`; references to users may be
    e-mail addresses.
    """
    org.sync_users()
    values: Json = {}
    for name, value in fields.items():
        field = kind.fields.get(name)
        given = value
        if field is not None and isinstance(value, str) and value:
            if field.type == "date" and value[-1] in "mshd":
                given = moments.day(org.clock.moment(value))
            elif field.type == "datetime":
                given = moments.rest(org.clock.moment(value))
            elif "User" in field.refers_to and "@" in value:
                given = org.user_id(value)
        values[name] = given
    return values


def make(org: Org, raw: Mapping[str, Any]) -> Record:
    """Make a record: object, fields, user, client, at."""
    kind = kind_of(org, raw.get("object"))
    fields = values_of(org, kind, raw.get("fields") or {})
    if kind.name == "Opportunity":
        now = org.clock.now_ms()
        fields.setdefault("StageName", org.choices("Opportunity", "StageName")[0])
        fields.setdefault("CloseDate", moments.day(now + 30 * 86_400_000))
    at = org.clock.moment(raw.get("at"))
    try:
        return writes.create(org, kind, fields, author=author_of(org, raw), at=at)
    except ApiError as error:
        raise Refused(f"{error.code}: {error.message}") from error


def change(org: Org, raw: Mapping[str, Any]) -> Record:
    """Set fields of a record: id, fields, user, client, at."""
    record = record_of(org, raw.get("id"))
    fields = values_of(org, org.types[record.type], raw.get("fields") or {})
    at = org.clock.moment(raw.get("at"))
    try:
        writes.update(org, record, fields, author=author_of(org, raw), at=at)
    except ApiError as error:
        raise Refused(f"{error.code}: {error.message}") from error
    return record


def log(org: Org, raw: Mapping[str, Any]) -> Record:
    """Log an activity on a record: kind, on, at, user, fields.

    `kind`: call, meeting, email, task, post, quote, contact (with ContactId).
    """
    kind = str(raw.get("kind"))
    if kind not in _LOGGED:
        raise Refused(f"{kind!r} cannot be logged; there are {sorted(_LOGGED)}")
    name, fields = _LOGGED[kind]
    on, at = record_of(org, raw.get("on")), org.clock.moment(raw.get("at"))
    place = {
        "EmailMessage": "RelatedToId",
        "FeedItem": "ParentId",
        "Quote": "OpportunityId",
        "OpportunityContactRole": "OpportunityId",
    }.get(name, "WhoId" if on.type in {"Lead", "Contact"} else "WhatId")
    timed: Json = {
        "call": {"ActivityDate": moments.day(at)},
        "task": {"ActivityDate": moments.day(at)},
        "meeting": {"StartDateTime": moments.rest(at)},
        "email": {"MessageDate": moments.rest(at)},
    }.get(kind, {})
    given = {**fields, **timed, place: on.id, **(raw.get("fields") or {})}
    # Planned activities lie ahead; they are still logged now.
    logged_at = min(at, org.clock.now_ms())
    return make(org, {**raw, "object": name, "fields": given, "at": logged_at})


def merge(org: Org, raw: Mapping[str, Any]) -> Record:
    """Merge `other` into `id`: it is deleted, and what hung on it hangs there now."""
    kept, other = record_of(org, raw.get("id")), record_of(org, raw.get("other"))
    if kept.type != other.type or kept.type not in {"Lead", "Contact", "Account"}:
        raise Refused(f"{other.type} cannot be merged into {kept.type}")
    author, at = author_of(org, raw), org.clock.moment(raw.get("at"))
    for kind in ("Task", "Event", "FeedItem"):
        for row in org.living(kind):
            for name in ("WhatId", "WhoId", "ParentId"):
                if row.get(name) == other.id:
                    row.values[name] = kept.id
    writes.delete(org, other, author=author, at=at)
    writes.update(org, kept, {}, author=author, at=at)
    return kept


def convert(org: Org, raw: Mapping[str, Any]) -> Json:
    """Convert a lead to an account, a contact and an opportunity: id, user, at."""
    lead = record_of(org, raw.get("id"))
    if lead.type != "Lead" or lead.get("IsConverted"):
        raise Refused(f"{lead.id} is no open lead")
    who = {name: raw[name] for name in ("user", "at") if name in raw}
    values = lead.values
    account = make(
        org, {**who, "object": "Account", "fields": {"Name": values["Company"]}}
    )
    person = {name: values.get(name) for name in ("FirstName", "LastName", "Email")}
    person["AccountId"] = account.id
    contact = make(org, {**who, "object": "Contact", "fields": person})
    deal = make(
        org,
        {
            **who,
            "object": "Opportunity",
            "fields": {"Name": values["Company"], "AccountId": account.id},
        },
    )
    status = next(
        row.values["ApiName"]
        for row in org.living("LeadStatus")
        if row.values["IsConverted"]
    )
    change(org, {**who, "id": lead.id, "fields": {"Status": status}})
    at = org.clock.moment(raw.get("at"))
    lead.values |= {
        "IsConverted": True,
        "ConvertedDate": moments.day(at),
        "ConvertedAccountId": account.id,
        "ConvertedContactId": contact.id,
        "ConvertedOpportunityId": deal.id,
    }
    return {"account": account.id, "contact": contact.id, "opportunity": deal.id}
