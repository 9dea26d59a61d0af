"""What a person brings back from a sign-in in a browser."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.authorizing import to_code
from adapters.errors import Permanent

BACK = "https://slagboom.example.com/oauth/salesforce"


@pytest.mark.parametrize(
    "pasted",
    [
        f"{BACK}?code=aPrx%3D%3D&state=right",
        f"  {BACK}?state=right&code=aPrx%3D%3D#_=_\n",
        "?code=aPrx%3D%3D&state=right",
        "code=aPrx%3D%3D&state=right",
        "aPrx==",
        "aPrx%3D%3D",
    ],
)
def test_the_code_is_found_in_what_is_pasted(pasted: str):
    assert to_code(pasted, state="right") == "aPrx=="


@pytest.mark.parametrize(
    "pasted",
    [
        f"{BACK}?code=aPrx&state=wrong",
        f"{BACK}?code=aPrx&state=",
        f"{BACK}?code=aPrx",
        f"{BACK}?code=aPrx&state=h\u00e9",
        f"{BACK}?code=aPrx&state=\udcff",
    ],
)
def test_the_code_of_another_sign_in_is_refused(pasted: str):
    with pytest.raises(Permanent, match="another sign-in") as caught:
        to_code(pasted, state="right")
    assert caught.value.code == "STATE"
    assert "aPrx" not in str(caught.value)


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        " ",
        BACK,
        f"{BACK}?state=right",
        "what now?",
        "caf\u00e9",
        "\udcff",
        f"{BACK}?code=caf%C3%A9&state=right",
    ],
)
def test_without_a_code_it_is_said_what_to_paste(pasted: str):
    with pytest.raises(Permanent, match="no code") as caught:
        to_code(pasted, state="right")
    assert "Nothing was saved" in str(caught.value)


def test_who_did_not_allow_it_is_told_in_the_words_of_the_crm():
    pasted = (
        f"{BACK}?error=access_denied&error_description=end-user+denied+authorization"
        "&state=right"
    )
    with pytest.raises(Permanent, match="end-user denied authorization") as caught:
        to_code(pasted, state="right")
    assert caught.value.code == "access_denied"


@given(st.text(), st.sampled_from(["", BACK, f"{BACK}?", f"{BACK}?code=x&state=", "["]))
def test_nothing_that_is_pasted_does_more_than_be_refused(pasted: str, start: str):
    with contextlib.suppress(Permanent):
        assert to_code(start + pasted, state="right").isascii()
