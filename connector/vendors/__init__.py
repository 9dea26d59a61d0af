"""The vendors: the one place that names them, what they need to know, how to open them.

Their libraries are loaded when something is opened, not when this is: `slagboom --help`
and the web process need none of them.
"""

from collections.abc import Mapping

from connector.vendors.email import EMAIL
from connector.vendors.hubspot import HUBSPOT
from connector.vendors.options import Option, check_options
from connector.vendors.salesforce import SALESFORCE
from connector.vendors.slack import SLACK
from connector.vendors.vendor import (
    ChannelVendor,
    CrmVendor,
    Means,
    Project,
    Site,
    Texts,
)

CRMS: Mapping[str, CrmVendor] = {vendor.key: vendor for vendor in (HUBSPOT, SALESFORCE)}

CHANNELS: Mapping[str, ChannelVendor] = {
    vendor.key: vendor for vendor in (SLACK, EMAIL)
}

__all__ = [
    "CHANNELS",
    "CRMS",
    "ChannelVendor",
    "CrmVendor",
    "Means",
    "Option",
    "Project",
    "Site",
    "Texts",
    "check_options",
]
