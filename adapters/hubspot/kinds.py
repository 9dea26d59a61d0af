"""How HubSpot calls our kinds of records and their usual fields. Pure.

Property names: knowledge.hubspot.com/properties/hubspots-default-deal-properties and
developers.hubspot.com/docs/api-reference/crm-leads-v3/guide.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from rules.model import (
    AMOUNT,
    CLOSE_DATE,
    FORECAST_CATEGORY,
    OWNER,
    PIPELINE,
    PROBABILITY,
    STAGE,
    FieldName,
    Kind,
    PropertyName,
)

OWNER_PROPERTY = PropertyName("hubspot_owner_id")
LIFECYCLE = PropertyName("lifecyclestage")
LIFECYCLE_PIPELINE = "lifecycle"
"""The pipeline of records that move through lifecycle stages and have no other."""
LEAD_STAGES = ("lead", "marketingqualifiedlead", "salesqualifiedlead")
"""The lifecycle stages in which a contact stands for a lead."""
CONVERTED = frozenset({"opportunity", "customer", "evangelist"})
"""The lifecycle stages in which a contact is a lead no more: somebody made it one."""
FOLLOWS_THE_STAGE = frozenset(
    {PropertyName("hs_deal_stage_probability"), PropertyName("hs_is_closed")}
)
"""HubSpot computes these from the stage: they come back with it, by themselves."""
SHARES = frozenset({PropertyName("hs_deal_stage_probability")})
"""HubSpot keeps these between 0 and 1; policies speak of percent on every CRM.

All of them follow the stage, so that there is no way back to convert.
"""


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One of HubSpot's object types, as far as records of ours are of it.

    `pipeline` is None where the lifecycle takes its place. `note` and `task` are the
    association types from those to it, None where HubSpot has published none.
    """

    name: str
    type_id: str
    scope: str
    names: tuple[str, ...]
    stage: PropertyName
    pipeline: PropertyName | None
    modified: str
    note: int | None
    task: int | None
    builtin: Mapping[FieldName, PropertyName] = field(default_factory=dict)
    only_stages: tuple[str, ...] = ()

    @property
    def standing(self) -> tuple[str, ...]:
        """Return the properties that every record of ours is made of."""
        pipeline = (self.pipeline,) if self.pipeline else ()
        return (*self.names, self.stage, *pipeline, OWNER_PROPERTY, self.modified)

    def place_of(self, name: FieldName) -> PropertyName | None:
        """Return the property of a field with a place of its own, or None."""
        places = {STAGE: self.stage, PIPELINE: self.pipeline, OWNER: OWNER_PROPERTY}
        return places.get(name)


def _builtin(**names: str) -> Mapping[FieldName, PropertyName]:
    return MappingProxyType(
        {FieldName(ours): PropertyName(theirs) for ours, theirs in names.items()}
    )


_ROLLED_UP = {
    "last_contacted": "notes_last_contacted",
    "last_activity": "notes_last_updated",
    "next_activity": "notes_next_activity_date",
}
_REFUSED = ("hs_lastmodifieddate", "lastmodifieddate", "num_unique_conversion_events")
UNTOLD = frozenset(
    {*FOLLOWS_THE_STAGE, *map(PropertyName, (*_ROLLED_UP.values(), *_REFUSED))}
)
"""HubSpot computes these: whether a webhook tells of them is not promised, and of the
last three none does.
"""

DEALS = ObjectType(
    name="deals",
    type_id="0-3",
    scope="deals",
    names=("dealname",),
    stage=PropertyName("dealstage"),
    pipeline=PropertyName("pipeline"),
    modified="hs_lastmodifieddate",
    note=214,
    task=216,
    builtin=_builtin(
        **{
            AMOUNT: "amount",
            CLOSE_DATE: "closedate",
            PROBABILITY: "hs_deal_stage_probability",
            FORECAST_CATEGORY: "hs_manual_forecast_category",
        },
        name="dealname",
        currency="deal_currency_code",
        type="dealtype",
        priority="hs_priority",
        next_step="hs_next_step",
        lost_reason="closed_lost_reason",
        won_reason="closed_won_reason",
        description="description",
        **_ROLLED_UP,
    ),
)
LEADS = ObjectType(
    name="leads",
    type_id="0-136",
    scope="leads",
    names=("hs_lead_name",),
    stage=PropertyName("hs_pipeline_stage"),
    pipeline=PropertyName("hs_pipeline"),
    modified="hs_lastmodifieddate",
    note=None,
    task=None,
    builtin=_builtin(
        name="hs_lead_name", type="hs_lead_type", label="hs_lead_label", **_ROLLED_UP
    ),
)
CONTACTS = ObjectType(
    name="contacts",
    type_id="0-1",
    scope="contacts",
    names=("firstname", "lastname", "email"),
    stage=LIFECYCLE,
    pipeline=None,
    modified="lastmodifieddate",
    note=202,
    task=204,
    builtin=_builtin(
        email="email",
        first_name="firstname",
        last_name="lastname",
        phone="phone",
        company="company",
        job_title="jobtitle",
        lead_status="hs_lead_status",
        lifecycle_stage="lifecyclestage",
        **_ROLLED_UP,
    ),
)
CONTACTS_AS_LEADS = replace(CONTACTS, only_stages=LEAD_STAGES)
COMPANIES = ObjectType(
    name="companies",
    type_id="0-2",
    scope="companies",
    names=("name", "domain"),
    stage=LIFECYCLE,
    pipeline=None,
    modified="hs_lastmodifieddate",
    note=190,
    task=192,
    builtin=_builtin(
        name="name",
        domain="domain",
        phone="phone",
        city="city",
        country="country",
        industry="industry",
        lifecycle_stage="lifecyclestage",
        **_ROLLED_UP,
    ),
)

TYPES: Mapping[Kind, ObjectType] = MappingProxyType(
    {
        Kind.DEAL: DEALS,
        Kind.LEAD: LEADS,
        Kind.CONTACT: CONTACTS,
        Kind.COMPANY: COMPANIES,
    }
)
