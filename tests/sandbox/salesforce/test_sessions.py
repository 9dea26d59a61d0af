import base64
import hashlib
import json
import time
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.sandbox.kit import REP, Control
from tests.sandbox.salesforce.kit import Api

CLIENT = {
    "client_id": "sandbox-consumer-key",
    "client_secret": "sandbox-consumer-secret",
}
TOKEN = "/services/oauth2/token"
JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign(key: rsa.RSAPrivateKey, **claims: object) -> str:
    def part(found: object) -> str:
        raw = json.dumps(found).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    signed = f"{part({'alg': 'RS256'})}.{part(claims)}"
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def trust(control: Control, key: rsa.RSAPrivateKey) -> None:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, form)
    control.post("salesforce/apps", public_key=pem.decode())


def test_client_credentials_open_a_session_that_names_no_lifetime(api: Api):
    status, answer = api.form(TOKEN, grant_type="client_credentials", **CLIENT)
    assert status == 200
    assert answer["instance_url"] == api.url
    assert "expires_in" not in answer
    api.token = answer["access_token"]
    info = api.get("/services/oauth2/userinfo")
    assert answer["id"].endswith(f"/{info['organization_id']}/{info['user_id']}")


def test_a_wrong_secret_opens_nothing(api: Api):
    form = {**CLIENT, "client_secret": "wrong"}
    status, answer = api.form(TOKEN, grant_type="client_credentials", **form)
    assert (status, answer["error"]) == (400, "invalid_client")


def test_an_unknown_client_opens_nothing(api: Api):
    form = {**CLIENT, "client_id": "wrong"}
    status, answer = api.form(TOKEN, grant_type="client_credentials", **form)
    assert (status, answer["error"]) == (400, "invalid_client_id")


def test_a_refresh_token_opens_sessions_until_it_is_revoked(api: Api):
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
    status, answer = api.form(TOKEN, **form, **CLIENT)
    assert status == 200
    assert "refresh_token" not in answer
    api.form("/services/oauth2/revoke", token="sandbox-refresh-token")
    api.token = answer["access_token"]
    assert api.refused("GET", "/limits") == (401, "INVALID_SESSION_ID")
    status, answer = api.form(TOKEN, **form, **CLIENT)
    assert (status, answer["error"]) == (400, "invalid_grant")


def test_a_refresh_token_that_rotates_is_good_for_once(api: Api, control: Control):
    control.post("salesforce/apps", rotates=True)
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
    _, answer = api.form(TOKEN, **form, **CLIENT)
    again, _ = api.form(TOKEN, **form, **CLIENT)
    form["refresh_token"] = answer["refresh_token"]
    fresh, _ = api.form(TOKEN, **form, **CLIENT)
    assert (again, fresh) == (400, 200)


def test_who_allows_the_app_gives_it_a_refresh_token(api: Api):
    verifier, target = "v" * 43, "https://app.example/callback"
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": CLIENT["client_id"],
        "redirect_uri": target,
        "state": "s1",
        "login_hint": REP,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
    }
    answer = api.ask("GET", "/services/oauth2/authorize", query=query, redirect=False)
    back = urlsplit(answer.headers["Location"])
    found = dict(parse_qsl(back.query))
    assert (answer.status, found["state"]) == (302, "s1")
    form = {
        "grant_type": "authorization_code",
        "code": found["code"],
        "redirect_uri": target,
        "code_verifier": verifier,
    }
    status, granted = api.form(TOKEN, **form, **CLIENT)
    assert status == 200
    assert granted["refresh_token"]
    api.token = granted["access_token"]
    assert api.get("/services/oauth2/userinfo")["email"] == REP
    status, answer = api.form(TOKEN, **form, **CLIENT)
    assert (status, answer["error"]) == (400, "invalid_grant")


def test_a_planned_refusal_of_signing_in_has_its_own_form(api: Api, control: Control):
    control.post("faults", kind="status", path=TOKEN, status=503)
    status, answer = api.form(TOKEN, grant_type="client_credentials", **CLIENT)
    assert (status, answer["error"]) == (503, "unknown_error")


def test_an_assertion_signed_by_the_app_opens_a_session_of_its_subject(
    api: Api, control: Control, key: rsa.RSAPrivateKey
):
    trust(control, key)
    claims = {
        "iss": CLIENT["client_id"],
        "sub": REP,
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 180,
    }
    status, answer = api.form(TOKEN, grant_type=JWT, assertion=sign(key, **claims))
    assert status == 200, answer
    api.token = answer["access_token"]
    assert api.get("/services/oauth2/userinfo")["email"] == REP


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "https://example.com"},
        {"exp": 1},
        {"exp": 9_999_999_999},
        {"sub": "nobody@example.com"},
    ],
    ids=["audience", "expired", "too long", "nobody"],
)
def test_an_assertion_that_is_not_right_opens_nothing(
    api: Api, control: Control, key: rsa.RSAPrivateKey, wrong: dict[str, object]
):
    trust(control, key)
    claims = {
        "iss": CLIENT["client_id"],
        "sub": REP,
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 180,
    }
    assertion = sign(key, **{**claims, **wrong})
    status, answer = api.form(TOKEN, grant_type=JWT, assertion=assertion)
    assert (status, answer["error"]) == (400, "invalid_grant")


def test_an_assertion_signed_by_another_opens_nothing(
    api: Api, control: Control, key: rsa.RSAPrivateKey
):
    trust(control, rsa.generate_private_key(public_exponent=65537, key_size=2048))
    assertion = sign(key, iss=CLIENT["client_id"], sub=REP)
    status, answer = api.form(TOKEN, grant_type=JWT, assertion=assertion)
    assert (status, answer["error"]) == (400, "invalid_grant")


def test_a_session_ends_with_its_time(api: Api, control: Control):
    _, answer = api.form(TOKEN, grant_type="client_credentials", **CLIENT)
    api.token = answer["access_token"]
    assert api.ask("GET", "/limits").status == 200
    control.post("clock/advance", seconds=7_201)
    assert api.refused("GET", "/limits") == (401, "INVALID_SESSION_ID")


def test_an_admin_ends_every_session(api: Api, control: Control):
    control.post("salesforce/sessions/expire")
    assert api.refused("GET", "/limits") == (401, "INVALID_SESSION_ID")


def test_every_answer_says_how_much_of_the_day_is_used(api: Api, control: Control):
    control.post("salesforce/calls", used=17)
    answer = api.ask("GET", "/limits")
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=18/15000"
    assert answer.json()["DailyApiRequests"] == {"Max": 15_000, "Remaining": 14_982}


def test_a_used_up_day_is_refused_until_it_is_over(api: Api, control: Control):
    control.post("salesforce/calls", used=15_000)
    assert api.refused("GET", "/limits") == (403, "REQUEST_LIMIT_EXCEEDED")
    control.post("clock/advance", seconds=90_000)
    assert api.ask("GET", "/limits").status == 200


def test_versions_end(api: Api):
    assert api.get("/services/data")[-1]["version"] == "68.0"
    retired = api.refused("GET", "/services/data/v30.0/limits")
    assert retired == (410, "UNSUPPORTED_API_VERSION")
    assert api.refused("GET", "/services/data/v69.0/limits")[0] == 404


def test_a_planned_refusal_has_the_form_of_salesforce(api: Api, control: Control):
    control.post("faults", kind="status", path="/limits", status=503)
    assert api.refused("GET", "/limits") == (503, "SERVER_UNAVAILABLE")
