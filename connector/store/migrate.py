"""Bring the database up to date: `python -m connector.store.migrate`.

Any number of processes may do so at once; all but one wait, and then find it done.
"""

import os
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from connector.config import Config
from connector.errors import ConfigError, StoreDown

OLDEST_SERVER = 140000
"""PostgreSQL 14, as `server_version_num` says it."""

_FOLDER = Path(__file__).with_name("migrations")
# Any number that nothing else locks by in this database.
_LOCK = 5_143_770_190


def migrate(database_url: str) -> None:
    """Run every migration that the database lacks.

    Raises StoreDown if it cannot be reached, and ConfigError if it is too old a
    PostgreSQL, or was last used by a later version of Slagboom.
    """
    engine = create_engine(database_url, connect_args={"connect_timeout": 10})
    try:
        with engine.begin() as connection:
            _demand_server(connection)
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
            _demand_known(connection)
            config = _alembic()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except OperationalError as error:
        raise StoreDown from error
    finally:
        engine.dispose()


def _demand_server(connection: Connection) -> None:
    number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    if number < OLDEST_SERVER:
        raise ConfigError(
            f"The server of DATABASE_URL is PostgreSQL {number // 10000}; Slagboom"
            " needs 14 or later. Upgrade it, or leave DATABASE_URL out to use the"
            " embedded one."
        )


def _demand_known(connection: Connection) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in _scripts().walk_revisions()}
    if found is not None and found not in known:
        raise ConfigError(
            f"The database was brought to version {found} by a later Slagboom than"
            " this one. Start that version again, or restore the backup that was made"
            " before it."
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_alembic())


def _alembic() -> AlembicConfig:
    config = AlembicConfig()
    # A percent sign would start an interpolation.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def main() -> int:
    """Migrate the database of the environment; return the exit code."""
    try:
        migrate(Config.load(os.environ).urls().database_url)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except StoreDown as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
