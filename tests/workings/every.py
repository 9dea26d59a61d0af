"""The workings of every CRM that the sandbox speaks for, by vendor."""

from collections.abc import Mapping

from tests.workings.hubspot import HubSpotWorkings
from tests.workings.salesforce import SalesforceWorkings
from tests.workings.workings import Workings

WORKINGS: Mapping[str, type[Workings]] = {
    one.system: one for one in (HubSpotWorkings, SalesforceWorkings)
}
