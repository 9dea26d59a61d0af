"""The migrations make the tables that the store works with, and no others."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Integer, MetaData, Table, create_engine

from connector.store.tables import metadata


def differences(database_url: str, wanted: MetaData) -> list[object]:
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            options = {"compare_type": True, "compare_server_default": True}
            context = MigrationContext.configure(connection, opts=options)
            return compare_metadata(context, wanted)
    finally:
        engine.dispose()


def test_a_migrated_database_has_the_tables_of_the_store(database_url: str):
    assert differences(database_url, metadata) == []


def test_a_table_that_no_migration_makes_is_noticed(database_url: str):
    other = MetaData()
    for table in metadata.tables.values():
        table.to_metadata(other)
    Table("forgotten", other, Column("id", Integer, primary_key=True))
    assert "forgotten" in str(differences(database_url, other))
