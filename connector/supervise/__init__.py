"""Everything on one machine: `slagboom up` starts it and keeps it running."""

from connector.supervise.up import Commands, up

__all__ = ["Commands", "up"]
