"""HubSpot's paths in the version that one setting names: the only place with either.

Versions: `v3` (unsupported from September 2027) and dated ones such as `2026-03`,
developers.hubspot.com/docs/developer-tooling/platform/versioning.
"""

import re
from dataclasses import dataclass

from adapters.errors import Permanent

_VERSION = re.compile(r"v3|20\d\d-(?:03|09)")


@dataclass(frozen=True, slots=True)
class Paths:
    """Paths below the API's address."""

    version: str

    def __post_init__(self) -> None:
        """Refuse a version that HubSpot cannot have."""
        if not _VERSION.fullmatch(self.version):
            raise Permanent(
                f"{self.version!r} is no version of HubSpot's API: use 2026-03, "
                "another half-year such as 2026-09, or v3."
            )

    def objects(self, object_type: str, rest: str) -> str:
        """Return the path of an operation on objects of a type."""
        return f"{self._family('objects')}/{object_type}/{rest}"

    def associations(self, from_type: str, to_type: str, rest: str) -> str:
        """Return the path of an operation on associations."""
        # Associations were one version ahead before dates came.
        family = "/crm/v4/associations"
        if self.version != "v3":
            family = f"/crm/associations/{self.version}"
        return f"{family}/{from_type}/{to_type}/{rest}"

    def pipelines(self, object_type: str) -> str:
        """Return the path of a type's pipelines."""
        return f"{self._family('pipelines')}/{object_type}"

    def properties(self, object_type: str) -> str:
        """Return the path of a type's properties."""
        return f"{self._family('properties')}/{object_type}"

    def owners(self) -> str:
        """Return the path of the owners."""
        return self._family("owners")

    def account(self) -> str:
        """Return the path of the account's details."""
        return f"/account-info/{self.version}/details"

    def _family(self, name: str) -> str:
        if self.version == "v3":
            return f"/crm/v3/{name}"
        return f"/crm/{name}/{self.version}"
