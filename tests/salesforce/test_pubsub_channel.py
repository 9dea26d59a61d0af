"""Where the stream connects to, and where it does not."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from adapters.errors import Permanent, Transient
from adapters.salesforce.pubsub.channel import open_channel

PUBLIC, OTHER, SIX = "93.184.215.14", "93.184.215.15", "2606:2800:21f::1"


def leading_to(*addresses: str) -> Callable[[str, int], list[tuple[Any, ...]]]:
    def resolve(host: str, port: int) -> list[tuple[Any, ...]]:
        assert (host, port) == ("api.pubsub.example.com", 7443)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]

    return resolve


def target(url: str, *addresses: str) -> str:
    """Return what is connected to: the addresses themselves, not the name."""
    channel = open_channel(url, allow_private=False, resolve=leading_to(*addresses))
    try:
        return channel._channel.target().decode()
    finally:
        channel.close()


@pytest.mark.parametrize("url", ["", ":7443"])
@pytest.mark.parametrize(
    ("addresses", "found"),
    [
        ((PUBLIC,), f"ipv4:{PUBLIC}:7443"),
        ((OTHER, PUBLIC), f"ipv4:{PUBLIC}:7443,{OTHER}:7443"),
        ((SIX, PUBLIC), f"ipv4:{PUBLIC}:7443"),
        ((SIX,), f"ipv6:[{SIX}]:7443"),
    ],
)
def test_what_was_looked_at_is_what_is_connected_to(
    url: str, addresses: tuple[str, ...], found: str
):
    assert target(f"https://api.pubsub.example.com{url}", *addresses) == found


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1"])
def test_a_name_that_leads_into_a_private_network_is_refused(address: str):
    with pytest.raises(Permanent, match="private network"):
        target("https://api.pubsub.example.com", PUBLIC, address)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.pubsub.example.com:7443",
        "https://127.0.0.1:7443",
        "https://localhost",
        "grpc://api.pubsub.example.com",
        "https://me:word@api.pubsub.example.com",
        "api.pubsub.example.com:7443",
    ],
)
def test_an_address_that_may_not_be_used_is_refused(url: str):
    with pytest.raises(Permanent):
        target(url, PUBLIC)


def test_a_name_that_cannot_be_resolved_is_tried_again():
    def fail(_host: str, _port: int) -> list[tuple[Any, ...]]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Transient):
        open_channel("https://a.example.com", allow_private=False, resolve=fail)
