"""An account that the policies of the tests are compiled against."""

from dataclasses import replace
from pathlib import Path

from rules.account import (
    Account,
    AccountKind,
    AccountPipeline,
    AccountProperty,
    AccountStage,
)
from rules.model import FieldName, FieldType, Kind, PipelineId, PropertyName, StageId

EXAMPLE = (
    Path(__file__).parents[1] / "fixtures" / "policies" / "new-business.yaml"
).read_text(encoding="utf-8")


def a_stage(stage_id: str, label: str, **changes) -> AccountStage:
    return AccountStage(StageId(stage_id), label, **changes)


SALES = AccountPipeline(
    PipelineId("default"),
    "Sales Pipeline",
    (
        a_stage("1", "Lead"),
        a_stage("2", "Qualification"),
        a_stage("3", "Demo"),
        a_stage("4", "Offerte verstuurd"),
        a_stage("5", "Negotiation"),
        a_stage("closedwon", "Closed won", is_closed=True, is_won=True),
        a_stage("closedlost", "Closed lost", is_closed=True),
        a_stage("9", "Handshake", is_archived=True),
    ),
)


def a_property(name: str, kind: FieldType, label: str, **changes) -> AccountProperty:
    return AccountProperty(PropertyName(name), label, kind, **changes)


PROPERTIES = (
    a_property("amount", FieldType.NUMBER, "Bedrag"),
    a_property("closedate", FieldType.INSTANT, "Close date"),
    a_property("hs_probability", FieldType.NUMBER, "Probability", is_read_only=True),
    a_property("closed_lost_reason", FieldType.TEXT, "Closed lost reason"),
    a_property("beslisser", FieldType.TEXT, "Beslisser"),
    a_property("contract_date", FieldType.DATE, "Contract date"),
    a_property("owner_id", FieldType.TEXT, "Owner"),
)

DEALS = AccountKind(
    builtin={
        FieldName("amount"): PropertyName("amount"),
        FieldName("close_date"): PropertyName("closedate"),
        FieldName("probability"): PropertyName("hs_probability"),
        FieldName("lost_reason"): PropertyName("closed_lost_reason"),
        FieldName("currency"): PropertyName("not_in_this_account"),
    },
    pipelines=(SALES,),
    properties=PROPERTIES,
)
LEADS = AccountKind(
    builtin={},
    pipelines=(replace(SALES, id=PipelineId("leads"), label="Leads"),),
    properties=(),
)
ACME = Account("hubspot", {Kind.DEAL: DEALS, Kind.LEAD: LEADS})


def with_pipelines(*pipelines: AccountPipeline) -> Account:
    return replace(
        ACME, kinds={**ACME.kinds, Kind.DEAL: replace(DEALS, pipelines=pipelines)}
    )
