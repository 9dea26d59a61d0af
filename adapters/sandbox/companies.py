"""The small sales company, in each CRM that the sandbox speaks for."""

from collections.abc import Callable, Mapping

from adapters.sandbox.company import Company
from adapters.sandbox.hubspot.company import HubSpotCompany

COMPANIES: Mapping[str, Callable[[str], Company]] = {"hubspot": HubSpotCompany}
"""By vendor; each is made with the sandbox's address."""
