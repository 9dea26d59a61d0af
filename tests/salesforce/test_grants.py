from collections.abc import Callable

import pytest

from adapters.errors import OutsideError, Permanent, Transient, Unanswered, Unauthorized
from adapters.salesforce.grants import (
    ClientCredentials,
    JwtBearer,
    RefreshToken,
    begin,
    exchange,
)
from adapters.salesforce.token_endpoint import Granted, TokenEndpoint
from tests.salesforce.login import (
    CLIENT_SECRET,
    HANGING_UP,
    ORGANIZATION,
    REDIRECT,
    ROBOT,
    USERNAME,
    LoginServer,
    refused,
)

Endpoint = Callable[..., TokenEndpoint]


class Shelf:
    """Refresh tokens, kept in memory."""

    def __init__(self, token: str) -> None:
        self.token = token

    def load(self) -> str:
        return self.token

    def keep(self, token: str, *, former: str) -> None:
        assert self.token == former
        self.token = token


def test_the_app_signs_in_by_its_own_credentials(endpoint: Endpoint):
    made = endpoint()
    token = ClientCredentials(made, CLIENT_SECRET).sign_in()
    assert token.access.startswith(ORGANIZATION[:15])
    assert (token.api_url, token.account, token.user) == (made.url, ORGANIZATION, ROBOT)


def test_no_secret_shows_itself(login: LoginServer, endpoint: Endpoint):
    made = endpoint()
    app = ClientCredentials(made, CLIENT_SECRET)
    user = JwtBearer(made, USERNAME, "the key")
    admin = RefreshToken(made, Shelf(login.refresh), CLIENT_SECRET)
    token = app.sign_in()
    shown = repr((app, user, admin, token, Granted(token, "the refresh token")))
    for secret in (CLIENT_SECRET, "the key", token.access, "the refresh token"):
        assert secret not in shown


def test_a_user_signs_in_by_a_signature_of_ours(login: LoginServer, endpoint: Endpoint):
    assert JwtBearer(endpoint(), USERNAME, login.pem).sign_in().user == ROBOT


def test_a_user_who_was_not_approved_is_told_so(login: LoginServer, endpoint: Endpoint):
    with pytest.raises(Unauthorized, match="hasn't approved"):
        JwtBearer(endpoint(), "other@acme.example", login.pem).sign_in()


@pytest.mark.parametrize("pem", ["", "-----BEGIN PRIVATE KEY-----", "é"])
def test_a_key_that_cannot_be_used_is_named(endpoint: Endpoint, pem: str):
    with pytest.raises(Permanent, match="RSA key in PEM form"):
        JwtBearer(endpoint(), USERNAME, pem).sign_in()


def test_an_admin_signs_in_once_and_the_refresh_token_goes_on(
    login: LoginServer, endpoint: Endpoint
):
    asked = begin(endpoint(), redirect_uri=REDIRECT)
    code = login.allow(asked.url)
    granted = exchange(
        endpoint(),
        code,
        verifier=asked.verifier,
        redirect_uri=REDIRECT,
        client_secret=CLIENT_SECRET,
    )
    shelf = Shelf(granted.refresh)
    again = RefreshToken(endpoint(), shelf, CLIENT_SECRET).sign_in()
    assert again != granted.token
    assert shelf.token == granted.refresh


def test_a_code_is_worth_nothing_without_the_verifier(
    login: LoginServer, endpoint: Endpoint
):
    asked = begin(endpoint(), redirect_uri=REDIRECT)
    other = begin(endpoint(), redirect_uri=REDIRECT)
    assert asked.state != other.state
    with pytest.raises(Unauthorized, match="verifier"):
        exchange(
            endpoint(),
            login.allow(asked.url),
            verifier=other.verifier,
            redirect_uri=REDIRECT,
        )


def test_a_code_that_was_used_says_that_it_is_good_for_once(
    login: LoginServer, endpoint: Endpoint
):
    asked = begin(endpoint(), redirect_uri=REDIRECT)
    code = login.allow(asked.url)

    def spend() -> None:
        exchange(endpoint(), code, verifier=asked.verifier, redirect_uri=REDIRECT)

    spend()
    with pytest.raises(Unauthorized, match="good for once") as caught:
        spend()
    assert "Nothing was saved" in str(caught.value)


def test_a_sign_in_without_a_refresh_token_is_refused(
    login: LoginServer, endpoint: Endpoint
):
    login.refresh = ""
    asked = begin(endpoint(), redirect_uri=REDIRECT)
    with pytest.raises(Permanent, match="scope refresh_token"):
        exchange(
            endpoint(),
            login.allow(asked.url),
            verifier=asked.verifier,
            redirect_uri=REDIRECT,
        )


def test_a_refresh_token_that_rotates_is_kept(login: LoginServer, endpoint: Endpoint):
    login.is_rotating = True
    shelf = Shelf(login.refresh)
    grant = RefreshToken(endpoint(), shelf, CLIENT_SECRET)
    first, second = grant.sign_in(), grant.sign_in()
    assert first != second
    assert shelf.token == login.refresh != "5Aep-0"


def test_a_refresh_token_that_another_process_has_just_spent_gives_way_to_its_heir(
    login: LoginServer, endpoint: Endpoint
):
    login.is_rotating = True
    shelf = Shelf(login.refresh)

    class Late(Shelf):
        """Sees what was there before the other process was faster."""

        def load(self) -> str:
            seen, self.token = self.token, shelf.token
            return seen

    late = Late(shelf.token)
    RefreshToken(endpoint(), shelf).sign_in()
    assert RefreshToken(endpoint(), late).sign_in().access in login.valid
    assert late.token == login.refresh


def test_an_app_without_a_secret_sends_none(login: LoginServer, endpoint: Endpoint):
    RefreshToken(endpoint(), Shelf(login.refresh)).sign_in()
    assert "client_secret" not in login.forms[0]


def test_a_sign_in_to_another_organization_is_refused(
    login: LoginServer, endpoint: Endpoint
):
    login.organization = "00D000000000009EAA"
    with pytest.raises(Permanent, match="another organization"):
        ClientCredentials(endpoint(), CLIENT_SECRET).sign_in()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refused("invalid_client", "invalid client credentials"), Unauthorized),
        (refused("inactive_user", "user is inactive"), Unauthorized),
        (
            refused("invalid_grant", "request not supported on this domain"),
            Unauthorized,
        ),
        (refused("rate_limit_exceeded", "login rate exceeded"), Transient),
        (refused("invalid_grant", "Login Rate Exceeded"), Transient),
        (refused("unknown_error", "retry your request"), Transient),
        ((429, b""), Transient),
        ((500, b"<html>"), Transient),
        ((503, b""), Transient),
        ((HANGING_UP, b""), Transient),
        ((302, b""), Permanent),
        ((404, b"<html>not here</html>"), Permanent),
        ((200, b"<html>log in</html>"), Permanent),
        ((200, b"[" * 100_000), Permanent),
        ((200, {"access_token": 7}), Permanent),
    ],
)
def test_a_refusal_says_what_to_do(
    login: LoginServer,
    endpoint: Endpoint,
    answer: tuple[int, dict[str, str] | bytes],
    kind: type[OutsideError],
):
    login.answers = [answer, answer]
    with pytest.raises(kind) as caught:
        ClientCredentials(endpoint(), CLIENT_SECRET).sign_in()
    # The write that the token was wanted for has not been sent.
    assert not isinstance(caught.value, Unanswered)
    assert CLIENT_SECRET not in str(caught.value)


def test_trouble_that_passes_is_sat_out(
    login: LoginServer, endpoint: Endpoint, naps: list[float]
):
    login.answers = [(503, b"")]
    assert ClientCredentials(endpoint(), CLIENT_SECRET).sign_in()
    assert len(naps) == 1


def test_what_is_good_for_once_is_not_sent_twice(
    login: LoginServer, endpoint: Endpoint
):
    login.answers = [(503, b"")]
    with pytest.raises(Transient):
        RefreshToken(endpoint(), Shelf(login.refresh)).sign_in()
    assert len(login.forms) == 1


def test_a_server_that_is_not_there_is_waited_for(endpoint: Endpoint):
    with pytest.raises(Transient, match="reached"):
        ClientCredentials(endpoint(login_url="http://127.0.0.1:1"), "x").sign_in()


def test_private_addresses_are_refused_unless_allowed(
    login: LoginServer, endpoint: Endpoint
):
    for url in (login.url, "https://127.0.0.1", "https://acme.internal", "acme"):
        with pytest.raises(Permanent):
            endpoint(login_url=url, allow_private=False)
    assert login.forms == []


def test_a_name_that_leads_into_a_private_network_gets_nothing(
    login: LoginServer, endpoint: Endpoint
):
    # No address by the looks of it, and yet this machine's.
    url = login.url.replace("http://127.0.0.1", "https://127.1")
    made = endpoint(login_url=url, allow_private=False)
    with pytest.raises(Permanent) as caught:
        ClientCredentials(made, CLIENT_SECRET).sign_in()
    assert caught.value.code == "PRIVATE_ADDRESS"
    assert login.forms == []


def test_a_refresh_token_is_not_spent_on_an_address_that_cannot_be_used(
    login: LoginServer, endpoint: Endpoint
):
    with pytest.raises(Permanent):
        endpoint(api_url="https://user:pw@proxy.example.com")
    assert login.forms == []


def test_the_api_may_be_behind_another_address(endpoint: Endpoint):
    made = endpoint(api_url="https://proxy.example.com/")
    token = ClientCredentials(made, CLIENT_SECRET).sign_in()
    assert token.api_url == "https://proxy.example.com"
