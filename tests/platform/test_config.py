"""Settings: what is read, and what a person is told about a wrong one."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from connector.config import Config, LogFormat, Urls
from connector.errors import ConfigError

KEY = "Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyMDA="
OLD_KEY = "Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyMDE="
SERVED = {
    "DATABASE_URL": "postgres://me:secret@db.example.com:5433/slagboom?sslmode=require",
    "REDIS_URL": "rediss://:secret@redis.example.com:6380/0",
    "PUBLIC_URL": "https://slagboom.example.com/",
    "SLAGBOOM_KEYS": f"{KEY},{OLD_KEY}",
    "SECRET_KEY": "a long and random text",
    "PORT": "9000",
    "LOG_FORMAT": "json",
    "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES": "1",
    "SLAGBOOM_LEASE_SECONDS": "90",
}


@pytest.fixture
def embedded(tmp_path: Path) -> dict[str, str]:
    return {"SLAGBOOM_HOME": str(tmp_path / "var")}


def test_every_setting_is_read(tmp_path):
    config = Config.load({**SERVED, "SLAGBOOM_HOME": str(tmp_path)})
    assert config == Config(
        home=tmp_path,
        public_url="https://slagboom.example.com",
        port=9000,
        database_url="postgresql+psycopg://me:secret@db.example.com:5433/slagboom"
        "?sslmode=require",
        redis_url="rediss://:secret@redis.example.com:6380/0",
        keys=(KEY, OLD_KEY),
        secret_key="a long and random text",
        log_format=LogFormat.JSON,
        allow_private_addresses=True,
        lease=timedelta(seconds=90),
    )
    assert not config.is_embedded


def test_without_any_setting_the_servers_are_embedded_below_here(embedded):
    config = Config.load(embedded)
    assert (config.database_url, config.redis_url) == (None, None)
    assert config.is_embedded
    assert config.public_url == "http://127.0.0.1:8000"
    assert config.log_format is LogFormat.CONSOLE
    assert not config.allow_private_addresses
    assert config.lease == timedelta(minutes=1)


def test_the_data_folder_is_var_below_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Config.load({}).home == tmp_path / "var"


@pytest.mark.parametrize(
    "url",
    [
        "postgres://me@db/slagboom",
        "postgresql://me@db/slagboom",
        "postgresql+psycopg://me@db/slagboom",
    ],
)
def test_a_database_address_takes_the_form_of_sqlalchemy(url):
    config = Config.load({**SERVED, "DATABASE_URL": url})
    assert config.database_url == "postgresql+psycopg://me@db/slagboom"


def test_an_address_of_valkey_is_one_of_redis():
    config = Config.load({**SERVED, "REDIS_URL": "valkey://cache:6379/2"})
    assert config.redis_url == "redis://cache:6379/2"


def test_a_key_is_made_once_and_readable_for_its_owner_only(embedded):
    first = Config.load(embedded)
    file = first.home / "keys"
    assert Config.load(embedded).keys == first.keys
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in first.home.iterdir()] == ["keys"]


def test_sessions_are_signed_alike_by_all_processes_without_a_setting(embedded):
    first = Config.load(embedded)
    assert len(first.secret_key) == 64
    assert Config.load(embedded).secret_key == first.secret_key
    assert first.keys[0] not in first.secret_key


@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "REDIS_URL", "SLAGBOOM_KEYS", "SECRET_KEY"]
)
def test_a_secret_may_stand_in_a_file(tmp_path, name):
    file = tmp_path / "secret"
    file.write_text(SERVED[name] + "\n")
    others = {key: value for key, value in SERVED.items() if key != name}
    assert Config.load({**others, f"{name}_FILE": str(file)}) == Config.load(SERVED)


def test_keys_in_a_file_may_stand_on_lines(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"{KEY}\n{OLD_KEY}\n")
    others = {key: value for key, value in SERVED.items() if key != "SLAGBOOM_KEYS"}
    config = Config.load({**others, "SLAGBOOM_KEYS_FILE": str(file)})
    assert config.keys == (KEY, OLD_KEY)


def test_no_secret_shows_when_a_configuration_is_printed():
    shown = repr(Config.load(SERVED)) + repr(Urls("secret", "secret"))
    assert "secret@" not in shown
    assert KEY not in shown
    assert "random" not in shown


def without(name: str) -> dict[str, str | None]:
    return {name: None}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"DATABASE_URL": "mysql://db/slagboom"}, r"DATABASE_URL must begin with post"),
        ({"DATABASE_URL": "slagboom.db"}, r"DATABASE_URL must begin .* Leave it out"),
        ({"DATABASE_URL": "postgres://me@db"}, r"DATABASE_URL names no database"),
        ({"DATABASE_URL": "postgres://db:54x/s"}, r"DATABASE_URL .* percent-encoded"),
        ({"REDIS_URL": "http://cache"}, r"REDIS_URL must begin with redis://"),
        ({"REDIS_URL": "redis:///0"}, r"REDIS_URL names no host"),
        (without("PUBLIC_URL"), r"PUBLIC_URL is not set; it must be the https address"),
        ({"PUBLIC_URL": "slagboom.example.com"}, r"PUBLIC_URL .* is no web address"),
        ({"PUBLIC_URL": "https://a.example.com/?x=1"}, r"PUBLIC_URL must end after"),
        ({"PUBLIC_URL": "https://me:x@a.example.com"}, r"PUBLIC_URL must end after"),
        (
            {
                "PUBLIC_URL": "http://slagboom.example.com",
                "SLAGBOOM_ALLOW_PRIVATE_ADDRESSES": "0",
            },
            r"PUBLIC_URL .* must begin with https://",
        ),
        (without("SLAGBOOM_KEYS"), r"SLAGBOOM_KEYS is not set.*Make one with python"),
        ({"SLAGBOOM_KEYS": f"{KEY},short"}, r"SLAGBOOM_KEYS: key 2 of 2 is not a key"),
        ({"SLAGBOOM_KEYS": " , "}, r"SLAGBOOM_KEYS holds no key"),
        ({"SECRET_KEY": "short"}, r"SECRET_KEY has 5 characters.*leave it out"),
        ({"PORT": "http"}, r"PORT is 'http'; it must be a whole number"),
        ({"PORT": "70000"}, r"PORT is '70000'"),
        ({"SLAGBOOM_LEASE_SECONDS": "0"}, r"SLAGBOOM_LEASE_SECONDS .* from 1 to 3600"),
        ({"SLAGBOOM_LEASE_SECONDS": "1.5"}, r"it must be a whole number from 1"),
        ({"LOG_FORMAT": "xml"}, r"LOG_FORMAT is 'xml'; it must be json or console"),
        (
            {"SLAGBOOM_ALLOW_PRIVATE_ADDRESSES": "maybe"},
            r"SLAGBOOM_ALLOW_PRIVATE_ADDRESSES is 'maybe'; it must be 1 or 0",
        ),
        ({"SECRET_KEY_FILE": "/nowhere"}, r"SECRET_KEY and SECRET_KEY_FILE are both"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(change, says):
    environ = {k: v for k, v in {**SERVED, **change}.items() if v is not None}
    with pytest.raises(ConfigError, match=says):
        Config.load(environ)


def test_no_error_repeats_a_secret():
    for change in (
        {"DATABASE_URL": "mysql://me:hunter2@db/x"},
        {"SECRET_KEY": "hunter2"},
    ):
        with pytest.raises(ConfigError) as raised:
            Config.load({**SERVED, **change})
        assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be read.*no such file"), (b" \n", "empty"), (b"\xff", "UTF-8")],
    ids=["missing", "empty", "not text"],
)
def test_a_secret_file_that_cannot_be_used_is_explained(tmp_path, content, says):
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    others = {key: value for key, value in SERVED.items() if key != "SECRET_KEY"}
    with pytest.raises(ConfigError, match=rf"SECRET_KEY_FILE names .*{says}"):
        Config.load({**others, "SECRET_KEY_FILE": str(file)})


def test_a_data_folder_that_is_a_file_is_explained(tmp_path):
    file = tmp_path / "var"
    file.touch()
    with pytest.raises(ConfigError, match=r"SLAGBOOM_HOME names .* which is a file"):
        Config.load({"SLAGBOOM_HOME": str(file)})


def test_a_process_that_starts_no_servers_names_the_missing_address(embedded):
    with pytest.raises(ConfigError, match=r"DATABASE_URL is not set.*slagboom up"):
        Config.load(embedded).urls()
