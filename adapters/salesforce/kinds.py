"""How Salesforce calls our kinds of records and their usual fields. Pure.

Field names: the Object Reference (developer.salesforce.com/docs, "Opportunity" and
"Lead").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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

MASTER_RECORD_TYPE = "012000000000000AAA"
"""The record type of records that have none: every object has it."""
RECORD_TYPE = PropertyName("RecordTypeId")
OWNER_FIELD = PropertyName("OwnerId")
CREATED = "CreatedDate"
MODIFIED = "SystemModstamp"
"""The version stamp: never earlier than `LastModifiedDate`, and what a scan goes by."""


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One of Salesforce's objects, as far as records of ours are of it.

    `prefix` begins the ids of its records.
    """

    name: str
    prefix: str
    stage: PropertyName
    builtin: Mapping[FieldName, PropertyName] = field(default_factory=dict)

    @property
    def standing(self) -> tuple[str, ...]:
        """Return the fields that every record of ours is made of, wherever it is."""
        return ("Id", "Name", self.stage, OWNER_FIELD, CREATED, MODIFIED)

    def place_of(self, name: FieldName) -> PropertyName | None:
        """Return the field with a place of its own in a record, or None."""
        places = {STAGE: self.stage, PIPELINE: RECORD_TYPE, OWNER: OWNER_FIELD}
        return places.get(name)


def _builtin(**names: str) -> Mapping[FieldName, PropertyName]:
    return MappingProxyType(
        {FieldName(ours): PropertyName(theirs) for ours, theirs in names.items()}
    )


OPPORTUNITIES = ObjectType(
    name="Opportunity",
    prefix="006",
    stage=PropertyName("StageName"),
    builtin=_builtin(
        **{
            AMOUNT: "Amount",
            CLOSE_DATE: "CloseDate",
            PROBABILITY: "Probability",
            FORECAST_CATEGORY: "ForecastCategoryName",
        },
        name="Name",
        currency="CurrencyIsoCode",
        type="Type",
        next_step="NextStep",
        description="Description",
        lead_source="LeadSource",
        last_activity="LastActivityDate",
    ),
)
LEADS = ObjectType(
    name="Lead",
    prefix="00Q",
    stage=PropertyName("Status"),
    builtin=_builtin(
        name="Name",
        email="Email",
        first_name="FirstName",
        last_name="LastName",
        phone="Phone",
        company="Company",
        job_title="Title",
        industry="Industry",
        rating="Rating",
        lead_source="LeadSource",
        description="Description",
        last_activity="LastActivityDate",
    ),
)

TYPES: Mapping[Kind, ObjectType] = MappingProxyType(
    {Kind.DEAL: OPPORTUNITIES, Kind.LEAD: LEADS}
)
KINDS: Mapping[str, Kind] = MappingProxyType(
    {one.name: kind for kind, one in TYPES.items()}
)
"""Our kind for the name of an object; the others are not followed."""
