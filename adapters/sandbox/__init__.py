"""A local CRM, chat and mail sink on the vendors' wire protocols.

For the demo and for contract tests. Written from published descriptions; it shares no
code with the adapters that talk to it.
"""

from adapters.sandbox.server import Sandbox, start

__all__ = ["Sandbox", "start"]
