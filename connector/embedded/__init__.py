"""A private PostgreSQL and a private Valkey, run from Python wheels."""

from connector.embedded.servers import Embedded, borrow

__all__ = ["Embedded", "borrow"]
