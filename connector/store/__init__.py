"""The store: PostgreSQL through SQLAlchemy Core. SQL lives here and nowhere else."""

from connector.store.engine import Store, open_store
from connector.store.transaction import Transaction

__all__ = ["Store", "Transaction", "open_store"]
