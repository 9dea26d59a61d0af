"""What must be known of a Salesforce organisation."""

import re

from connector.vendors.options import Option, web_address
from connector.vendors.salesforce.signing_in import Way

_SECRET = re.compile(r"[A-Za-z0-9._~-]{16,}")
_VERSION = re.compile(r"[1-9][0-9]\.0")
_HEADER = re.compile(r"[A-Za-z0-9-]+")


def _organization(text: str) -> str:
    from adapters.salesforce.ids import prefix_of, to_18  # noqa: PLC0415

    found = to_18(text)
    if prefix_of(found) != "00D":
        raise ValueError("an organization's id begins with 00D")
    return found


def _private_key(text: str) -> str:
    from adapters.errors import Permanent  # noqa: PLC0415
    from adapters.salesforce.signing_in import load_key  # noqa: PLC0415

    try:
        load_key(text)
    except Permanent as error:
        raise ValueError(str(error).rstrip(".")) from None
    return text


def _webhook_secret(text: str) -> str:
    if not _SECRET.fullmatch(text):
        raise ValueError(
            "it is part of an address, and must have 16 letters and digits or more"
        )
    return text


def _version(text: str) -> str:
    if not _VERSION.fullmatch(text):
        raise ValueError(f"{text!r} is no version such as 66.0")
    return text


def _fingerprints(text: str) -> str:
    from adapters.salesforce.certificates import to_fingerprint  # noqa: PLC0415

    return ",".join(to_fingerprint(one) for one in re.split(r"[,\s]+", text) if one)


def _header(text: str) -> str:
    if not _HEADER.fullmatch(text):
        raise ValueError(f"{text!r} is no name of a header")
    return text


OPTIONS = (
    Option(
        "instance_url",
        "Where people open the organization: https://acme.my.salesforce.com.",
        check=web_address,
    ),
    Option(
        "login_url",
        "The organization's My Domain, where Slagboom signs in. Without it the"
        " instance's address.",
        is_required=False,
        check=web_address,
    ),
    Option("client_id", "The consumer key of the external client app."),
    Option(
        "client_secret",
        "The consumer secret of the external client app.",
        is_secret=True,
        is_required=False,
    ),
    Option(
        "sign_in",
        "How to sign in. Without it: by the key if there is one, else as the app"
        " itself; `browser` has you sign in once.",
        is_required=False,
        choices=tuple(way.value for way in Way),
    ),
    Option(
        "private_key",
        "The RSA key (PEM) whose certificate the app has.",
        is_secret=True,
        is_required=False,
        check=_private_key,
    ),
    Option(
        "username",
        "The user whom the key signs in, approved for the app.",
        is_required=False,
    ),
    Option(
        "audience",
        "Whom the key's signature is for; https://test.salesforce.com for a sandbox.",
        default="https://login.salesforce.com",
        check=web_address,
    ),
    Option(
        "redirect_uri",
        "The app's callback address for `--sign-in browser`. Without it"
        " <PUBLIC_URL>/oauth/salesforce.",
        is_required=False,
        check=web_address,
    ),
    Option(
        "org_id",
        "The organization's id (00D...), from Setup, Company Information.",
        check=_organization,
    ),
    Option(
        "webhook_secret",
        "A long random text of your own, which ends the address of the webhooks.",
        is_secret=True,
        check=_webhook_secret,
    ),
    Option(
        "client_certificates",
        "SHA-256 fingerprints of the certificates that Salesforce may show, with"
        " commas. Messages without one are then refused.",
        is_required=False,
        check=_fingerprints,
    ),
    Option(
        "client_certificate_header",
        "The header in which your proxy hands on the certificate or its fingerprint.",
        default="X-Client-Cert",
        check=_header,
    ),
    Option(
        "api_url",
        "Where the API is, if not where Salesforce says.",
        is_required=False,
        check=web_address,
    ),
    Option(
        "api_version",
        "The version of the API.",
        is_required=False,
        check=_version,
    ),
)
