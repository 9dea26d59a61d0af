"""Salesforce: what it needs to know, and how to open it."""

from connector.vendors.salesforce.signing_in import keeper_of

__all__ = ["keeper_of"]
