from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from redis import Redis

from adapters.errors import NotFound, Transient, Unauthorized
from adapters.oauth import Token, TokenKeeper
from adapters.salesforce.grants import ClientCredentials
from adapters.salesforce.token_endpoint import TokenEndpoint
from tests.salesforce.login import CLIENT_SECRET, LoginServer

Endpoint = Callable[..., TokenEndpoint]
Keeper = Callable[..., TokenKeeper]


@pytest.fixture
def keeper(endpoint: Endpoint, redis: Redis) -> Keeper:
    """Makes what one process has."""

    def keeper(
        *, secret: str = CLIENT_SECRET, name: str = "acme", at: Redis = redis
    ) -> TokenKeeper:
        return TokenKeeper(ClientCredentials(endpoint(), secret), redis=at, name=name)

    return keeper


def calling(login: LoginServer) -> Callable[[Token], str]:
    """Returns a call of the API, which takes the newest token only."""

    def call(token: Token) -> str:
        if token.access not in login.valid:
            raise Unauthorized("Session expired or invalid", code="INVALID_SESSION_ID")
        return token.access

    return call


def test_one_sign_in_serves_all_processes(login: LoginServer, keeper: Keeper):
    assert len({keeper().token().access for _ in range(4)}) == 1
    assert len(login.forms) == 1


def test_connections_do_not_share_a_token(login: LoginServer, keeper: Keeper):
    assert keeper(name="acme").token() != keeper(name="other").token()
    assert len(login.forms) == 2


def test_an_expired_token_is_renewed_and_the_call_made_again(
    login: LoginServer, keeper: Keeper
):
    one = keeper()
    former = one.token()
    login.valid = set()
    assert one.use(calling(login)) != former.access
    assert len(login.forms) == 2


def test_many_that_meet_an_expired_token_sign_in_once(
    login: LoginServer, keeper: Keeper, redis_url: str
):
    shared = keeper()
    with Redis.from_url(redis_url) as second:
        others = [keeper(at=second) for _ in range(4)]
        keepers = [*others, shared, shared, shared, shared]
        for one in keepers:
            one.token()
        login.valid = set()
        together = Barrier(len(keepers))

        def call(one: TokenKeeper) -> str:
            together.wait()
            return one.use(calling(login))

        with ThreadPoolExecutor(len(keepers)) as pool:
            answers = set(pool.map(call, keepers))
    assert len(answers) == 1
    assert len(login.forms) == 2


def test_a_token_that_another_process_left_may_be_dead_as_well(
    login: LoginServer, keeper: Keeper
):
    sleeper, other = keeper(), keeper()
    sleeper.token()
    login.valid = set()
    other.use(calling(login))
    login.valid = set()
    assert sleeper.use(calling(login)) in login.valid
    assert len(login.forms) == 3


def test_a_new_token_that_is_refused_stops_everybody(
    login: LoginServer, keeper: Keeper
):
    calls: list[Token] = []

    def refuse(token: Token) -> None:
        calls.append(token)
        raise Unauthorized("Session expired or invalid", code="INVALID_SESSION_ID")

    for one in (keeper(), keeper()):
        with pytest.raises(Unauthorized, match="just been given out") as caught:
            one.use(refuse)
        assert caught.value.code == "INVALID_SESSION_ID"
    assert (len(calls), len(login.forms)) == (2, 2)


def test_a_refused_sign_in_is_not_tried_again_for_a_while(
    login: LoginServer, keeper: Keeper, redis: Redis
):
    for _ in range(3):
        with pytest.raises(Unauthorized, match="refused to sign in"):
            keeper(secret="wrong").token()
    assert len(login.forms) == 1
    assert 0 < redis.ttl("oauth:acme:stopped") <= 300
    redis.delete("oauth:acme:stopped")
    with pytest.raises(Unauthorized):
        keeper(secret="wrong").token()
    assert len(login.forms) == 2


def test_another_credential_is_tried_at_once(keeper: Keeper):
    with pytest.raises(Unauthorized):
        keeper(secret="wrong").token()
    assert keeper().token()


def test_a_person_who_asks_is_not_told_an_old_refusal(
    login: LoginServer, keeper: Keeper
):
    one = keeper(secret="wrong")
    for _ in range(2):
        with pytest.raises(Unauthorized):
            one.token()
        one.forget()
    assert len(login.forms) == 2


def test_trouble_that_passes_stops_nobody(login: LoginServer, keeper: Keeper):
    login.answers = [(503, b""), (503, b"")]
    with pytest.raises(Transient):
        keeper().token()
    assert keeper().token()


def test_other_errors_of_a_call_are_left_alone(login: LoginServer, keeper: Keeper):
    def miss(_: Token) -> None:
        raise NotFound("gone")

    with pytest.raises(NotFound):
        keeper().use(miss)
    assert len(login.forms) == 1


def test_redis_holds_nothing_that_can_be_read(keeper: Keeper, redis: Redis):
    token = keeper().token()
    stored = b"".join(redis.get(key) or b"" for key in redis.scan_iter())
    assert stored
    for secret in (token.access, CLIENT_SECRET):
        assert secret.encode() not in stored


def test_a_changed_credential_reads_no_token_of_the_former_one(
    login: LoginServer, keeper: Keeper
):
    keeper().token()
    with pytest.raises(Unauthorized):
        keeper(secret="stolen connection, other secret").token()
    assert len(login.forms) == 2


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"gAAAAA"])
def test_a_token_that_was_damaged_is_replaced(
    login: LoginServer, keeper: Keeper, redis: Redis, rubbish: bytes
):
    redis.set("oauth:acme:token", rubbish)
    assert keeper().token().access in login.valid


@pytest.mark.parametrize("rubbish", [b"", b"\xff", b"[]", b"{}"])
def test_a_refusal_that_was_damaged_stops_nobody(
    login: LoginServer, keeper: Keeper, redis: Redis, rubbish: bytes
):
    redis.set("oauth:acme:stopped", rubbish)
    assert keeper().token().access in login.valid


def test_an_emptied_redis_costs_one_sign_in(
    login: LoginServer, keeper: Keeper, redis: Redis
):
    one = keeper()
    one.token()
    redis.flushall()
    assert one.token() != keeper().token()
    assert len(login.forms) == 2


def test_without_redis_each_process_signs_in_for_itself(
    login: LoginServer, keeper: Keeper
):
    with Redis.from_url("redis://127.0.0.1:1") as away:
        first, second = keeper(at=away), keeper(at=away)
        assert first.token() != second.token()
        assert first.use(calling(login)) in login.valid


def test_a_process_that_died_while_signing_in_is_not_waited_for_forever(
    keeper: Keeper, redis: Redis
):
    lock = redis.lock("oauth:acme:lock", timeout=0.05)
    assert lock.acquire()
    assert keeper().token()


def test_two_clients_with_texts_for_answers_understand_each_other(
    login: LoginServer, keeper: Keeper, redis_url: str
):
    with Redis.from_url(redis_url, decode_responses=True) as texts:
        assert keeper(at=texts).token() == keeper().token()
    assert len(login.forms) == 1
