"""The standard fields that the sandbox has, in a short notation.

A line is `Name type [length] [marks]`: `!` needed, `-` read-only, `+` only at
creation, `~` no filter, `>A,B` refers to, `=x` default, `u` unique.
"""

from collections.abc import Mapping

from adapters.sandbox.salesforce.fields import Field

COMMON = """
Id id 18 -
IsDeleted boolean -
CreatedDate datetime -
CreatedById reference 18 - >User
LastModifiedDate datetime -
LastModifiedById reference 18 - >User
SystemModstamp datetime -
"""

TABLES: Mapping[str, str] = {
    "Account": """
Name string 255 !
OwnerId reference 18 >User
Industry string 255
Website url 255
""",
    "Contact": """
FirstName string 40
LastName string 80 !
Name string 121 -
Email email 80
Phone phone 40
Title string 128
AccountId reference 18 >Account
OwnerId reference 18 >User
""",
    "Opportunity": """
Name string 120 !
StageName picklist 255 !
CloseDate date !
Amount currency
Probability percent
ForecastCategoryName picklist 40
ForecastCategory picklist 40 -
ExpectedRevenue currency -
IsClosed boolean -
IsWon boolean -
HasOpportunityLineItem boolean -
Type picklist 255
NextStep string 255
LeadSource picklist 255
Description textarea 32000 ~
AccountId reference 18 >Account
OwnerId reference 18 >User
RecordTypeId reference 18 >RecordType
LastStageChangeDate datetime -
LastActivityDate date -
PushCount int -
""",
    "OpportunityHistory": """
OpportunityId reference 18 - >Opportunity
StageName picklist 255 -
Amount currency -
Probability percent -
ExpectedRevenue currency -
CloseDate date -
ForecastCategory picklist 40 -
PrevAmount currency -
PrevCloseDate date -
""",
    "OpportunityFieldHistory": """
OpportunityId reference 18 - >Opportunity
Field picklist 255 -
OldValue string 255 - ~
NewValue string 255 - ~
""",
    "LeadHistory": """
LeadId reference 18 - >Lead
Field picklist 255 -
OldValue string 255 - ~
NewValue string 255 - ~
""",
    "OpportunityContactRole": """
OpportunityId reference 18 ! + >Opportunity
ContactId reference 18 ! >Contact
Role picklist 255
IsPrimary boolean =false
""",
    "OpportunityStage": """
ApiName string 255 -
MasterLabel string 255 -
IsActive boolean -
SortOrder int -
IsClosed boolean -
IsWon boolean -
DefaultProbability percent -
ForecastCategory picklist 40 -
ForecastCategoryName string 255 -
Description string 255 -
""",
    "Lead": """
FirstName string 40
LastName string 80 !
Name string 121 -
Company string 255 !
Status picklist 255
Email email 80
Phone phone 40
LeadSource picklist 255
Rating picklist 255
OwnerId reference 18 >User,Group
RecordTypeId reference 18 >RecordType
IsConverted boolean -
ConvertedDate date -
ConvertedAccountId reference 18 - >Account
ConvertedContactId reference 18 - >Contact
ConvertedOpportunityId reference 18 - >Opportunity
LastActivityDate date -
""",
    "LeadStatus": """
ApiName string 255 -
MasterLabel string 255 -
IsDefault boolean -
IsConverted boolean -
SortOrder int -
""",
    "Task": """
Subject combobox 255
Description textarea 32000 ~
Status picklist 255
Priority picklist 255 =Normal
ActivityDate date
OwnerId reference 18 >User,Group
WhatId reference 18 >Account,Opportunity,Quote
WhoId reference 18 >Contact,Lead
AccountId reference 18 - >Account
IsClosed boolean -
CompletedDateTime datetime -
TaskSubtype picklist 40 + =Task
Type picklist 40
CallType picklist 40
CallDurationInSeconds int
CallDisposition string 255
ReminderDateTime datetime
IsReminderSet boolean =false
""",
    "TaskStatus": """
ApiName string 255 -
MasterLabel string 255 -
IsDefault boolean -
IsClosed boolean -
SortOrder int -
""",
    "TaskPriority": """
ApiName string 255 -
MasterLabel string 255 -
IsDefault boolean -
IsHighPriority boolean -
SortOrder int -
""",
    "Event": """
Subject combobox 255
Description textarea 32000 ~
StartDateTime datetime
EndDateTime datetime
ActivityDate date -
ActivityDateTime datetime
DurationInMinutes int
IsAllDayEvent boolean =false
IsChild boolean =false
Location string 255
OwnerId reference 18 >User
WhatId reference 18 >Account,Opportunity,Quote
WhoId reference 18 >Contact,Lead
AccountId reference 18 - >Account
""",
    "EmailMessage": """
Subject string 3000
TextBody textarea 131072 ~
HtmlBody textarea 131072 ~
FromAddress email 1000
ToAddress string 4000
Incoming boolean =false
Status picklist 40 =3
MessageDate datetime
IsBounced boolean =false
RelatedToId reference 18 >Account,Opportunity,Quote
ActivityId reference 18 + >Task
""",
    "Quote": """
Name string 255 !
QuoteNumber string 30 -
OpportunityId reference 18 ! + >Opportunity
AccountId reference 18 - >Account
ContactId reference 18 >Contact
OwnerId reference 18 >User
Status picklist 40 =Draft
ExpirationDate date
IsSyncing boolean -
GrandTotal currency -
Description textarea 32000 ~
""",
    "FeedItem": """
ParentId reference 18 ! + >Opportunity,Lead,Account,Contact,User
Body textarea 10000 ! ~
Type picklist 40 + =TextPost
IsRichText boolean =false
Title string 255
""",
    "User": """
Username string 80
Name string 121 -
FirstName string 40
LastName string 80
Email email 128
IsActive boolean
ManagerId reference 18 >User
FederationIdentifier string 512
TimeZoneSidKey picklist 40
LanguageLocaleKey picklist 40
LocaleSidKey picklist 40
UserType picklist 40 -
""",
    "Group": """
Name string 40 -
DeveloperName string 80 -
Type picklist 40 -
""",
    "RecordType": """
Name string 80 -
DeveloperName string 80 -
SobjectType picklist 40 -
BusinessProcessId reference 18 - >BusinessProcess
IsActive boolean -
Description string 255 -
""",
    "BusinessProcess": """
Name string 80 -
TableEnumOrId picklist 40 -
IsActive boolean -
""",
}

CHOICES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("Opportunity", "ForecastCategoryName"): (
        "Omitted",
        "Pipeline",
        "Best Case",
        "Most Likely",
        "Commit",
        "Closed",
    ),
    ("Opportunity", "Type"): ("New Business", "Existing Business"),
    ("Opportunity", "LeadSource"): ("Web", "Phone Inquiry", "Partner Referral"),
    ("Lead", "LeadSource"): ("Web", "Phone Inquiry", "Partner Referral"),
    ("Lead", "Rating"): ("Hot", "Warm", "Cold"),
    ("Quote", "Status"): (
        "Draft",
        "Needs Review",
        "In Review",
        "Approved",
        "Rejected",
        "Presented",
        "Accepted",
        "Denied",
    ),
    ("OpportunityContactRole", "Role"): (
        "Business User",
        "Decision Maker",
        "Economic Buyer",
        "Economic Decision Maker",
        "Evaluator",
        "Executive Sponsor",
        "Influencer",
        "Technical Buyer",
        "Other",
    ),
}

RESTRICTED = frozenset(
    {
        ("Opportunity", "StageName"),
        ("Opportunity", "ForecastCategoryName"),
        ("Lead", "Status"),
        ("Task", "Status"),
        ("Quote", "Status"),
    }
)
"""Picklists that take no other value."""


def fields_of(name: str) -> dict[str, Field]:
    """Return the standard fields of a type, by name."""
    lines = (COMMON + TABLES[name]).split("\n")
    made = (_parse(name, line) for line in lines if line)
    return {field.name: field for field in made}


def _parse(entity: str, line: str) -> Field:
    name, kind, *marks = line.split()
    defaults = [mark[1:] for mark in marks if mark.startswith("=")]
    refers = [mark[1:].split(",") for mark in marks if mark.startswith(">")]
    default = defaults[0] if defaults else None
    is_closed = "-" in marks
    return Field(
        name=name,
        type=kind,
        length=next((int(mark) for mark in marks if mark.isdigit()), 0),
        is_required="!" in marks,
        is_createable=not is_closed,
        is_updateable=not is_closed and "+" not in marks,
        is_filterable="~" not in marks,
        refers_to=tuple(refers[0]) if refers else (),
        choices=CHOICES.get((entity, name), ()),
        is_restricted=(entity, name) in RESTRICTED,
        default=default == "true" if kind == "boolean" and default else default,
    )
