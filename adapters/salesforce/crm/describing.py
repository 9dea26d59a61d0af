"""The organisation itself: its stages, record types and fields."""

from collections.abc import Sequence

from adapters.errors import Forbidden, NotFound
from adapters.http import Clock
from adapters.salesforce import describing
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.crm.shape import Shape
from adapters.salesforce.ids import to_18
from adapters.salesforce.kinds import LEADS, NOUNS, OPPORTUNITIES, ObjectType
from adapters.salesforce.queries import select
from adapters.wire import Json, parts, text
from rules.account import Account, AccountKind, AccountStage
from rules.model import Kind

_STAGE = ("ApiName", "MasterLabel", "SortOrder", "IsActive", "IsClosed", "IsWon")
_STATUS = ("ApiName", "MasterLabel", "SortOrder", "IsConverted")


class Describing:
    """Looks at the organisation as a whole."""

    def __init__(self, client: SalesforceClient, shape: Shape, clock: Clock) -> None:
        """Ask with one, and have the other see objects afresh."""
        self._client = client
        self._shape = shape
        self._clock = clock

    def account(self, kinds: Sequence[Kind]) -> Account:
        """Return pipelines, stages and properties, afresh."""
        return Account(
            vendor="salesforce",
            kinds={kind: self._describe(kind) for kind in kinds},
            asked_on=self._clock.now().date(),
            nouns=NOUNS,
        )

    def _describe(self, kind: Kind) -> AccountKind:
        about = self._shape.type_of(kind)
        self._shape.read(about.name)
        raw = self._shape.get(about.name).raw
        return describing.to_account_kind(
            raw, about, self._stages(about), self._offers(about, raw)
        )

    def _stages(self, about: ObjectType) -> Sequence[AccountStage]:
        if about is OPPORTUNITIES:
            rows = self._client.rows(select(_STAGE, "OpportunityStage"))
            return describing.to_deal_stages(rows)
        if about is LEADS:
            return describing.to_lead_stages(
                self._client.rows(select(_STATUS, "LeadStatus"))
            )
        return ()

    def _offers(self, about: ObjectType, raw: Json) -> describing.Offers:
        """Return the stages of each record type; of one that tells none, nothing."""
        if about.stage is None:
            return {}
        offers = {}
        for one in parts(raw, "recordTypeInfos"):
            if one.get("master") is True:
                continue
            record_type = to_18(text(one, "recordTypeId"))
            path = f"ui-api/object-info/{about.name}/picklist-values/{record_type}"
            try:
                answer = self._client.get(f"{path}/{about.stage}")
            except (NotFound, Forbidden):
                continue
            offers[record_type] = describing.to_offer(answer)
        return offers
