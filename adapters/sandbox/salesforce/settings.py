"""What kind of org it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Settings:
    """What kind of org it is. A limit of 0 is no limit.

    Quotes and feeds are features that an org may lack: the objects are then absent.
    `tracks_stage_history` is the tracking of Stage and of a lead's Status.
    """

    name: str = "Acme"
    daily_limit: int = 15_000
    session_seconds: int = 7_200
    newest_version: int = 68
    oldest_version: int = 31
    query_batch: int = 2_000
    quotes_enabled: bool = True
    feeds_enabled: bool = True
    tracks_stage_history: bool = False

    def change(self, raw: Mapping[str, Any]) -> None:
        """Set what is named; raises ValueError for an unknown setting."""
        for name, value in raw.items():
            if name not in type(self).__dataclass_fields__:
                known = sorted(type(self).__dataclass_fields__)
                raise ValueError(f"no setting {name!r}; there are {known}")
            kind = type(getattr(self, name))
            setattr(self, name, kind(value))
