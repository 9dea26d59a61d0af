"""The small sales company, in each CRM that the sandbox speaks for."""

from collections.abc import Callable, Mapping

from adapters.sandbox.company import Company
from adapters.sandbox.hubspot.company import HubSpotCompany
from adapters.sandbox.salesforce.company import SalesforceCompany

COMPANIES: Mapping[str, Callable[[str], Company]] = {
    "hubspot": HubSpotCompany,
    "salesforce": SalesforceCompany,
}
"""By vendor; each is made with the sandbox's address."""
