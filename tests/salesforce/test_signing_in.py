"""How a connection signs in, with its tokens in the real database and Redis."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from redis import Redis

from adapters.authorizing import Authorization
from adapters.errors import OutsideError, Permanent, Unauthorized
from adapters.oauth import TokenKeeper
from connector.crypto import Vault
from connector.errors import ConfigError, StoreDown
from connector.services.credentials import Credentials
from connector.store import Store, open_store
from connector.vendors.salesforce.signing_in import (
    SealedRefreshTokens,
    begin,
    check,
    forget,
    keeper_of,
)
from connector.vendors.vendor import Means
from tests.fakes.clock import FrozenClock
from tests.salesforce.login import (
    CLIENT_ID,
    CLIENT_SECRET,
    ORGANIZATION,
    REDIRECT,
    ROBOT,
    USERNAME,
    LoginServer,
)

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
NOWHERE = "postgresql+psycopg://nobody@/nothing"
SECRET = {"client_secret": CLIENT_SECRET}


@dataclass
class Wiring:
    """One connection, called acme, in the real store."""

    store: Store
    redis: Redis
    clock: FrozenClock
    login: LoginServer

    @property
    def means(self) -> Means:
        """What another process would have made for itself."""
        return Means(
            clock=self.clock,
            redis=self.redis,
            allow_private=True,
            credentials=Credentials(self.store, Vault([KEY])),
        )

    def settings(self, **other: str) -> Mapping[str, str]:
        return {
            "instance_url": self.login.url,
            "client_id": CLIENT_ID,
            "org_id": ORGANIZATION,
            "audience": "https://login.salesforce.com",
            **other,
        }

    def save(self, secrets: Mapping[str, str]) -> None:
        with self.store.begin() as tx:
            tx.connections.save(
                "acme",
                vendor="salesforce",
                settings={},
                secrets=Vault([KEY]).seal(secrets),
                now=self.clock.now(),
            )

    def keeper(self, secrets: Mapping[str, str], **settings: str) -> TokenKeeper:
        return keeper_of("acme", self.settings(**settings), secrets, self.means)

    def by_browser(self) -> TokenKeeper:
        """What a process has whose connection was signed in to in a browser."""
        return self.keeper({}, sign_in="browser")

    def begin(self, **settings: str) -> Authorization:
        begun = begin(
            self.settings(sign_in="browser", **settings), SECRET, self.means, REDIRECT
        )
        assert begun is not None
        return begun

    def come_back(self, begun: Authorization, **other: str) -> str:
        """Allow the app, and return the address that the browser ends at."""
        state = parse_qs(urlsplit(begun.url).query)["state"][0]
        answer = {"code": self.login.allow(begun.url), "state": state, **other}
        return f"{REDIRECT}?{urlencode(answer)}"


@pytest.fixture
def wiring(redis: Redis, clock: FrozenClock, login: LoginServer) -> Wiring:
    """One that has nothing to keep."""
    return Wiring(open_store(NOWHERE), redis, clock, login)


@pytest.fixture
def kept(wiring: Wiring, database_url: str) -> Iterator[Wiring]:
    """One that keeps its secrets in a database."""
    store = open_store(database_url)
    yield replace(wiring, store=store)
    store.close()


def test_a_secret_signs_in_as_the_app(wiring: Wiring):
    token = wiring.keeper(SECRET).token()
    assert (token.user, token.api_url) == (ROBOT, wiring.login.url)
    assert wiring.login.forms[0]["grant_type"] == "client_credentials"


def test_a_key_signs_in_as_an_approved_user(wiring: Wiring):
    secrets = {"private_key": wiring.login.pem, **SECRET}
    assert wiring.keeper(secrets, username=USERNAME).token().user == ROBOT
    assert "assertion" in wiring.login.forms[0]


def test_what_is_asked_for_counts_more_than_what_is_there(wiring: Wiring):
    secrets = {"private_key": wiring.login.pem, **SECRET}
    wiring.keeper(secrets, sign_in="client-credentials").token()
    assert "assertion" not in wiring.login.forms[0]


@pytest.mark.parametrize(
    ("settings", "secrets", "missing"),
    [
        ({}, {}, "--client-secret-file"),
        ({"sign_in": "client-credentials"}, {"private_key": "x"}, "--client-secret"),
        ({}, {"private_key": "x"}, "--username"),
        ({"sign_in": "jwt", "username": "x"}, SECRET, "--private-key-file"),
    ],
)
def test_what_is_missing_to_sign_in_is_named(
    settings: dict[str, str], secrets: dict[str, str], missing: str
):
    with pytest.raises(ConfigError, match=missing):
        check(settings, secrets)


def test_nothing_is_missing_for_any_of_the_ways():
    check({}, SECRET)
    check({"username": "x"}, {"private_key": "x"})
    check({"sign_in": "browser"}, {})


@pytest.mark.parametrize(
    ("instance_url", "place"),
    [
        ("https://acme.lightning.force.com", "https://acme.my.salesforce.com"),
        (
            "https://acme--uat.sandbox.lightning.force.com",
            "https://acme--uat.sandbox.my.salesforce.com",
        ),
        ("https://acme.my.salesforce.com", "https://acme.my.salesforce.com"),
    ],
)
def test_the_place_to_sign_in_follows_from_where_people_work(
    wiring: Wiring, instance_url: str, place: str
):
    begun = wiring.begin(instance_url=instance_url)
    assert begun.url.startswith(f"{place}/services/oauth2/authorize?")


def test_who_signs_in_in_a_browser_is_asked_only_once(kept: Wiring):
    begun = kept.begin()
    kept.save(begun.finish(kept.come_back(begun)))
    assert kept.by_browser().token().user == ROBOT
    kept.redis.flushall()
    assert kept.by_browser().token().user == ROBOT


def test_no_one_is_sent_to_a_browser_unless_it_is_asked_for(wiring: Wiring):
    assert begin(wiring.settings(), SECRET, wiring.means, REDIRECT) is None


def test_a_sign_in_can_end_at_another_address(wiring: Wiring):
    begun = wiring.begin(redirect_uri="https://other.example/back")
    assert begun.redirect_uri == "https://other.example/back"
    assert "redirect_uri=https%3A%2F%2Fother.example%2Fback" in begun.url


def test_a_sign_in_that_is_not_ours_or_was_used_earns_nothing(wiring: Wiring):
    begun = wiring.begin()
    with pytest.raises(Permanent, match="another sign-in"):
        begun.finish(wiring.come_back(begun, state="forged"))
    with pytest.raises(Permanent, match="no leave"):
        begun.finish(f"{REDIRECT}?error=access_denied&error_description=no+leave")
    back = wiring.come_back(begun)
    begun.finish(back)
    with pytest.raises(Unauthorized, match="good for once"):
        begun.finish(back)


def test_a_code_that_was_stolen_is_worth_nothing_in_another_sign_in(wiring: Wiring):
    theirs, ours = wiring.begin(), wiring.begin()
    code = parse_qs(urlsplit(wiring.come_back(theirs)).query)["code"][0]
    with pytest.raises(Unauthorized, match="verifier"):
        ours.finish(code)


def test_a_sign_in_to_another_organization_earns_nothing(wiring: Wiring):
    begun = wiring.begin()
    wiring.login.organization = "00D000000000002EAA"
    with pytest.raises(Permanent, match="another organization"):
        begun.finish(wiring.come_back(begun))


def test_a_refresh_token_that_rotates_is_sealed_in_the_database(kept: Wiring):
    kept.login.is_rotating = True
    kept.save({"refresh_token": kept.login.refresh, "webhook_secret": "hook"})
    for _ in range(3):
        kept.redis.flushall()
        kept.by_browser().token()
    secrets = kept.means.credentials.load("acme")
    assert secrets == {
        "refresh_token": kept.login.refresh,
        "webhook_secret": "hook",
    }
    assert len(kept.login.forms) == 3


def test_many_that_meet_a_dead_session_spend_one_refresh_token(kept: Wiring):
    kept.login.is_rotating = True
    kept.save({"refresh_token": kept.login.refresh})
    keepers = [kept.by_browser() for _ in range(6)]
    keepers[0].token()
    kept.login.valid.clear()

    def call(keeper: TokenKeeper) -> str:
        def send(token) -> str:
            if token.access not in kept.login.valid:
                raise Unauthorized("Session expired", code="INVALID_SESSION_ID")
            return token.access

        return keeper.use(send)

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(call, keepers))) == 1
    assert len(kept.login.forms) == 2
    assert kept.means.credentials.load("acme")["refresh_token"] == (kept.login.refresh)


def test_who_signed_in_meanwhile_is_not_undone_by_a_rotation(kept: Wiring):
    kept.login.is_rotating = True
    kept.save({"refresh_token": kept.login.refresh})
    kept.login.before = lambda: kept.save({"refresh_token": "of a person"})
    kept.by_browser().token()
    assert kept.means.credentials.load("acme") == {"refresh_token": "of a person"}


class AwayForAWhile(Credentials):
    """Credentials whose database is away for the first few times."""

    def __init__(self, wiring: Wiring, times: int) -> None:
        super().__init__(wiring.store, Vault([KEY]))
        self.times = times

    def replace(self, connection: str, name: str, *, former: str, heir: str) -> bool:
        if self.times:
            self.times -= 1
            raise StoreDown
        return super().replace(connection, name, former=former, heir=heir)


@pytest.mark.parametrize("times", [1, 5])
def test_a_new_refresh_token_waits_for_a_database_that_is_away(
    kept: Wiring, naps: list[float], times: int
):
    kept.save({"refresh_token": "former"})
    credentials = AwayForAWhile(kept, times)
    means = Means(kept.clock, kept.redis, allow_private=True, credentials=credentials)
    SealedRefreshTokens("acme", means, sleep=naps.append).keep("heir", former="former")
    assert credentials.load("acme") == {"refresh_token": "heir"}
    assert len(naps) == times


def test_a_database_that_stays_away_is_told(wiring: Wiring, naps: list[float]):
    means = replace(wiring.means, credentials=AwayForAWhile(wiring, 6))
    with pytest.raises(StoreDown):
        SealedRefreshTokens("acme", means, sleep=naps.append).keep("a", former="b")


def test_an_account_that_nobody_signed_in_to_says_what_to_do(kept: Wiring):
    kept.save({})
    with pytest.raises(Unauthorized, match="--sign-in browser"):
        kept.by_browser().token()


def test_a_refusal_is_forgotten_when_a_person_asks_again(wiring: Wiring):
    secrets = {"client_secret": "wrong"}

    def ask() -> None:
        with pytest.raises(OutsideError):
            wiring.keeper(secrets).token()

    ask()
    ask()
    assert len(wiring.login.forms) == 1
    forget("acme", wiring.settings(), secrets, wiring.means)
    ask()
    assert len(wiring.login.forms) == 2
