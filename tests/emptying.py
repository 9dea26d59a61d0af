"""Emptying a database between tests, which is far quicker than making it again."""

from typing import LiteralString

EMPTY: LiteralString = """
DO $$ DECLARE found regclass; BEGIN
    -- Without a look at foreign keys, so in any order.
    SET LOCAL session_replication_role = replica;
    FOR found IN SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND relname <> 'alembic_version'
    LOOP
        -- Truncating makes new files, of which a table with its indexes has ten.
        EXECUTE format('DELETE FROM %s', found);
    END LOOP;
    PERFORM setval(oid, 1, false) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'S';
END $$
"""
"""Removes every row of every table, and has the ids begin anew."""

DISCONNECT: LiteralString = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
"""Ends all other connections: a test may have left a pool behind."""
