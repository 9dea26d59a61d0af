"""The embedded servers: private, durable, and back after every kind of death."""

import json
import os
import pwd
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from connector.config import Config, Urls
from connector.embedded import Embedded, borrow
from connector.embedded.account import (
    Account,
    find_account,
    find_closed,
    place_program,
)
from connector.embedded.servers import find_sockets
from connector.errors import AlreadyRunning, EmbeddedError
from tests.conftest import to_libpq
from tests.waiting import is_running, wait_for

HOLD = Path(__file__).with_name("hold_servers.py")
KEY = "Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyMDA="

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def ask(urls: Urls, statement: str) -> object:
    with psycopg.connect(to_libpq(urls.database_url), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchone()[0] if cursor.description else None


def remember(urls: Urls, value: int) -> None:
    ask(urls, "CREATE TABLE IF NOT EXISTS kept (value int)")
    ask(urls, f"INSERT INTO kept SELECT {value:d}")
    with Redis.from_url(urls.redis_url) as redis:
        redis.set("kept", value)


def recall(urls: Urls) -> tuple[object, str]:
    with Redis.from_url(urls.redis_url) as redis:
        return ask(urls, "SELECT max(value) FROM kept"), str(redis.get("kept"))


@contextmanager
def held_elsewhere(home: Path, user: int | None = None, python: str = sys.executable):
    process = subprocess.Popen(
        [python, str(HOLD), str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        user=user,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sys.path))},
    )
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield process, json.loads(line)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_both_servers_answer_and_keep_what_they_are_told(home):
    with Embedded(home) as embedded:
        remember(embedded.urls, 1)
    with Embedded(home) as embedded:
        assert recall(embedded.urls) == (1, "b'1'")


def test_nothing_listens_on_the_network_and_writes_are_durable(home):
    with Embedded(home) as embedded:
        urls = embedded.urls
        assert ask(urls, "SHOW listen_addresses") == ""
        assert [
            ask(urls, f"SHOW {name}") for name in ("fsync", "full_page_writes")
        ] == [
            "on",
            "on",
        ]
        with Redis.from_url(urls.redis_url) as redis:
            assert redis.config_get("port") == {"port": "0"}
            assert redis.config_get("appendonly") == {"appendonly": "yes"}
        assert find_sockets(home).stat().st_mode & 0o077 == 0


def test_the_log_of_the_database_holds_no_statement_and_no_value(home):
    with Embedded(home) as embedded:
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            ask(embedded.urls, "SELECT 'a customer''s text'::int")
        assert "customer" not in (home / "postgresql.log").read_text()


def test_servers_that_were_killed_are_revived_with_their_data(home):
    with Embedded(home) as embedded:
        remember(embedded.urls, 1)
        assert embedded.revive() == ()
        before = embedded.pids
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not embedded.pids, "the death of both")
        assert sorted(embedded.revive()) == ["postgresql", "valkey"]
        assert not set(before.values()) & set(embedded.pids.values())
        assert recall(embedded.urls) == (1, "b'1'")


def test_after_everything_was_killed_the_next_start_has_the_data(home):
    with held_elsewhere(home) as (process, pids):
        remember(Embedded(home).urls, 1)
        process.kill()
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        process.wait()
        with Embedded(home) as embedded:
            assert recall(embedded.urls) == (1, "b'1'")


def test_the_next_start_need_not_wait_after_only_the_owner_was_killed(home):
    with held_elsewhere(home) as (process, _pids):
        remember(Embedded(home).urls, 1)
        process.kill()
        process.wait()
        with Embedded(home) as embedded:
            assert recall(embedded.urls) == (1, "b'1'")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the children")
def test_the_servers_end_with_the_process_that_started_them(home):
    with held_elsewhere(home) as (process, pids):
        process.kill()
        process.wait()
        for name, pid in pids.items():
            wait_for(lambda pid=pid: not is_running(pid), f"the end of {name}")


def test_a_second_one_on_the_same_folder_is_told_who_runs(home):
    with Embedded(home), pytest.raises(AlreadyRunning) as raised:
        Embedded(home).start()
    assert raised.value.pid == os.getpid()
    assert f"process {os.getpid()}" in str(raised.value)
    assert "SLAGBOOM_HOME" in str(raised.value)


def test_a_command_uses_the_servers_that_run(home):
    config = Config.load({"SLAGBOOM_HOME": str(home)})
    with Embedded(home) as embedded:
        remember(embedded.urls, 1)
        with borrow(config) as urls:
            assert recall(urls) == (1, "b'1'")
        assert len(embedded.pids) == 2


def test_a_command_alone_starts_the_servers_and_stops_them(home):
    config = Config.load({"SLAGBOOM_HOME": str(home)})
    with borrow(config) as urls:
        remember(urls, 1)
    with pytest.raises(psycopg.OperationalError):
        recall(urls)


def test_a_given_server_is_not_replaced_by_one_of_ours(home):
    config = Config.load(
        {
            "SLAGBOOM_HOME": str(home),
            "DATABASE_URL": "postgresql://db.example.com/slagboom",
            "PUBLIC_URL": "https://slagboom.example.com",
            "SLAGBOOM_KEYS": KEY,
        }
    )
    with Embedded.for_config(config) as embedded:
        assert list(embedded.pids) == ["valkey"]
        assert embedded.urls.database_url == config.database_url


def test_a_number_in_a_stale_pid_file_that_now_belongs_to_another_is_no_hindrance(home):
    with Embedded(home) as embedded:
        remember(embedded.urls, 1)
    (home / "postgresql" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    (home / "valkey.pid").write_text(f"{os.getpid()}\n")
    with Embedded(home) as embedded:
        assert recall(embedded.urls) == (1, "b'1'")


def test_a_first_start_that_was_broken_off_is_begun_again(home):
    half = home / "postgresql.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with Embedded(home) as embedded:
        assert ask(embedded.urls, "SELECT 1") == 1
    assert not half.exists()


def test_a_damaged_file_of_hints_is_put_aside(home):
    with Embedded(home) as embedded:
        remember(embedded.urls, 1)
    for file in (home / "valkey" / "appendonlydir").glob("*.incr.aof"):
        file.write_bytes(b"*3\r\nnonsense" * 9)
    with Embedded(home) as embedded:
        assert recall(embedded.urls) == (1, "None")
    assert list(home.glob("valkey.damaged.*"))


def test_data_of_another_version_are_left_alone_and_explained(home):
    (home / "postgresql").mkdir()
    (home / "postgresql" / "PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 14.*brings 18.*Dump"):
        Embedded(home).start()
    with Embedded(home, database_url="elsewhere", redis_url="elsewhere"):
        assert (home / "postgresql" / "PG_VERSION").read_text() == "14\n"


def test_a_folder_with_a_very_long_path_works(home):
    deep = home / ("a-long-name-" * 8) / "home"
    with Embedded(deep) as embedded:
        assert find_sockets(deep).parent != deep
        assert ask(embedded.urls, "SELECT 1") == 1


@as_root
def test_a_folder_that_the_servers_user_cannot_enter_is_explained(home):
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedError) as raised:
        Embedded(closed / "home").start()
    assert f"below {closed}" in str(raised.value)
    assert "SLAGBOOM_HOME=" in str(raised.value)


@as_root
def test_under_root_the_servers_run_as_a_user_of_their_own(home):
    with Embedded(home) as embedded:
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in embedded.pids.values()}
    assert owners == {find_account().uid}


@as_root
def test_a_plain_user_needs_no_root(home):
    nobody = Account(pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    usable = [
        path
        for path in (sys.executable, f"/usr/bin/{version}")
        if Path(path).exists() and not find_closed(Path(path).resolve(), nobody)
    ]
    if not usable or find_closed(Path(sys.prefix), nobody):
        pytest.skip("a plain user cannot reach this Python")
    os.chown(home, nobody.uid, -1)
    with held_elsewhere(home, user=nobody.uid, python=usable[0]) as (_process, pids):
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in pids.values()}
        assert owners == {nobody.uid}


@as_root
def test_programs_that_the_servers_user_cannot_reach_are_copied_once(home):
    closed = home / "closed"
    (closed / "tool" / "bin").mkdir(parents=True)
    closed.chmod(0o700)
    program = closed / "tool" / "bin" / "run"
    program.write_text("#!/bin/sh\necho here\n")
    program.chmod(0o700)
    account = find_account()
    copy = place_program(closed / "tool", home, account)
    made_at = copy.stat().st_ctime_ns
    assert place_program(closed / "tool", home, account) == copy
    assert copy.stat().st_ctime_ns == made_at
    said = subprocess.run(
        [copy / "bin" / "run"], user=account.uid, capture_output=True, check=True
    )
    assert said.stdout == b"here\n"


def test_programs_within_reach_stay_where_they_are(home):
    assert place_program(home, home / "data", None) == home
