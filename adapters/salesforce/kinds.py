"""How Salesforce calls our kinds of records and their usual fields. Pure.

Field names: the Object Reference (developer.salesforce.com/docs, "Opportunity", "Lead",
"Contact" and "Account").
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
    Noun,
    PropertyName,
)

NOUNS: Mapping[Kind, Noun] = {
    Kind.DEAL: Noun.OPPORTUNITY,
    Kind.COMPANY: Noun.ACCOUNT,
}
"""What its users call the kinds that it has other names for."""

MASTER_RECORD_TYPE = "012000000000000AAA"
"""The record type of records that have none: every object has it."""
RECORD_TYPE = PropertyName("RecordTypeId")
OWNER_FIELD = PropertyName("OwnerId")
CREATED = "CreatedDate"
MODIFIED = "SystemModstamp"
"""The version stamp: never earlier than `LastModifiedDate`, and what a scan goes by."""


WHAT, WHO = "WhatId", "WhoId"
"""By which an activity refers to a thing, and by which to a person."""


@dataclass(frozen=True, slots=True)
class History:
    """The object that keeps the way of records through their stages.

    `of` refers to the record. With `is_by_field` it has a row for each change of a
    tracked field, and is there only where fields are tracked; else a row is what the
    record was from then on, and it is always kept.
    """

    name: str
    of: str
    is_by_field: bool


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One of Salesforce's objects, as far as records of ours are of it.

    `prefix` begins the ids of its records. `stage` and `history` are None where records
    move through nothing. Activities refer to it by `activity`.
    """

    name: str
    prefix: str
    stage: PropertyName | None
    activity: str
    history: History | None = None
    builtin: Mapping[FieldName, PropertyName] = field(default_factory=dict)

    @property
    def standing(self) -> tuple[str, ...]:
        """Return the fields that every record of ours is made of, wherever it is."""
        stage = (self.stage,) if self.stage else ()
        return ("Id", "Name", *stage, OWNER_FIELD, CREATED, MODIFIED)

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
    activity=WHAT,
    history=History("OpportunityHistory", "OpportunityId", is_by_field=False),
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
    activity=WHO,
    history=History("LeadHistory", "LeadId", is_by_field=True),
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

CONTACTS = ObjectType(
    name="Contact",
    prefix="003",
    stage=None,
    activity=WHO,
    builtin=_builtin(
        name="Name",
        email="Email",
        first_name="FirstName",
        last_name="LastName",
        phone="Phone",
        job_title="Title",
        lead_source="LeadSource",
        description="Description",
        last_activity="LastActivityDate",
    ),
)
ACCOUNTS = ObjectType(
    name="Account",
    prefix="001",
    stage=None,
    activity=WHAT,
    builtin=_builtin(
        name="Name",
        domain="Website",
        phone="Phone",
        city="BillingCity",
        country="BillingCountry",
        industry="Industry",
        type="Type",
        description="Description",
        last_activity="LastActivityDate",
    ),
)

TYPES: Mapping[Kind, ObjectType] = MappingProxyType(
    {
        Kind.DEAL: OPPORTUNITIES,
        Kind.LEAD: LEADS,
        Kind.CONTACT: CONTACTS,
        Kind.COMPANY: ACCOUNTS,
    }
)
KINDS: Mapping[str, Kind] = MappingProxyType(
    {OPPORTUNITIES.name: Kind.DEAL, LEADS.name: Kind.LEAD}
)
"""Our kind for the name of an object whose changes are told; no others are followed."""
