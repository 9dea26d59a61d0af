"""Who may read the pages: this machine, and whoever has the key."""

from datetime import timedelta

import pytest

from tests.web.kit import PAGE_KEY, PUBLIC

OURS = "slagboom.example.com"
HERE = {"REMOTE_ADDR": "127.0.0.1"}
AWAY = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_on_this_machine_the_page_is_open(house, host):
    answer = house.client(host=host).get("/", environ_overrides=HERE)
    assert answer.status_code == 200


def test_a_foreign_name_that_points_here_is_sent_away(house):
    answer = house.client(host="evil.example").get("/", environ_overrides=HERE)
    assert answer.status_code == 421
    assert "http://127.0.0.1:8000" in answer.text


@pytest.mark.parametrize(
    "seen",
    [
        AWAY,
        {**HERE, "HTTP_X_FORWARDED_FOR": "203.0.113.9"},
        {**HERE, "HTTP_FORWARDED": "for=203.0.113.9"},
        {**HERE, "HTTP_VIA": "1.1 proxy"},
        {**HERE, "HTTP_HOST": "192.168.1.5:8000"},
    ],
    ids=["address", "x-forwarded-for", "forwarded", "via", "host"],
)
def test_from_elsewhere_it_is_closed_and_says_how_to_open_it(house, seen):
    answer = house.client().get("/", environ_overrides=seen)
    assert answer.status_code == 403
    assert "SLAGBOOM_PAGE_KEY" in answer.text


def test_behind_a_public_address_a_proxy_on_this_machine_opens_nothing(public_house):
    client = public_house().client()
    assert client.get("/", environ_overrides=HERE).status_code == 403


@pytest.fixture
def locked(public_house):
    return public_house(page_key=PAGE_KEY)


@pytest.fixture
def visitor(locked):
    client = locked.client(host=OURS)
    client.environ_base.update(AWAY)
    return client


def sign_in(client, key=PAGE_KEY, **headers):
    return client.post(
        "/sign-in",
        base_url=PUBLIC,
        data={"key": key},
        headers={"Host": OURS, **headers},
    )


def test_with_the_key_it_opens_and_stays_open(visitor):
    assert visitor.get("/", base_url=PUBLIC).status_code == 401
    answer = sign_in(visitor)
    assert (answer.status_code, answer.location) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    for part in ("HttpOnly", "Secure", "SameSite=Lax"):
        assert part in cookie
    assert PAGE_KEY not in cookie
    assert visitor.get("/", base_url=PUBLIC).status_code == 200
    assert visitor.get("/live", base_url=PUBLIC).status_code == 200


def test_signing_out_closes_it_again(visitor):
    sign_in(visitor)
    visitor.post("/sign-out", base_url=PUBLIC)
    assert visitor.get("/", base_url=PUBLIC).status_code == 401


def test_another_key_closes_what_the_former_one_opened(visitor, public_house):
    sign_in(visitor)
    cookie = visitor.get_cookie("slagboom", domain=OURS)
    other = public_house(page_key="another-long-key-entirely").client(host=OURS)
    other.set_cookie("slagboom", cookie.value, domain=OURS, secure=True)
    assert other.get("/", base_url=PUBLIC).status_code == 401


def test_a_wrong_key_is_told_and_many_are_slowed_down(visitor, locked):
    for _ in range(10):
        answer = sign_in(visitor, key="guess")
        assert answer.status_code == 403
        assert "That is not the key" in answer.text
    assert sign_in(visitor).status_code == 429
    locked.clock.advance(timedelta(seconds=61))
    assert sign_in(visitor).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=["origin", "fetch metadata"],
)
def test_a_form_on_another_site_cannot_sign_anybody_in(visitor, headers):
    assert sign_in(visitor, **headers).status_code == 403


def test_our_own_form_is_taken_though_a_proxy_renames_the_host(visitor):
    headers = {"Origin": PUBLIC, "Sec-Fetch-Site": "same-origin"}
    assert sign_in(visitor, **headers).status_code == 303
