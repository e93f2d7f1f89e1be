"""The packets that open a connection."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.wire.frames import FramingError
from proxy.wire.startup import (
    CancelRequest,
    GSSENCRequest,
    OtherProtocol,
    SSLRequest,
    StartupMessage,
    cancel_request,
    read_startup,
)

words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


def packet(code: int, body: bytes = b"") -> bytes:
    return struct.pack(">II", len(body) + 8, code) + body


@given(st.dictionaries(words, words, max_size=8), st.binary(max_size=20))
def test_parameters_are_read_and_what_follows_is_left(parameters: dict[str, str], rest: bytes) -> None:
    body = b"".join(f"{name}\0{value}\0".encode() for name, value in parameters.items()) + b"\0"
    whole = packet(3 << 16, body)
    found = read_startup(whole + rest)
    assert found is not None
    message, left = found
    assert isinstance(message, StartupMessage)
    assert (message.packet, message.parameters, left) == (whole, parameters, rest)


@given(st.binary(max_size=64))
def test_any_bytes_are_a_packet_or_incomplete_or_refused(data: bytes) -> None:
    try:
        found = read_startup(data)
    except FramingError:
        return
    assert found is None or len(found[1]) < len(data)


def test_an_incomplete_packet_is_waited_for() -> None:
    whole = packet(3 << 16, b"user\0me\0\0")
    assert all(read_startup(whole[:size]) is None for size in range(len(whole)))


def test_the_database_is_named_as_the_user_unless_said_otherwise() -> None:
    for body, database in ((b"user\0me\0\0", "me"), (b"user\0me\0database\0other\0\0", "other")):
        found = read_startup(packet(3 << 16, body))
        assert found is not None
        assert isinstance(found[0], StartupMessage)
        assert (found[0].user, found[0].database) == ("me", database)


def test_requests_are_told_apart() -> None:
    assert read_startup(packet(80877103)) == (SSLRequest(), b"")
    assert read_startup(packet(80877104)) == (GSSENCRequest(), b"")
    key = b"\0\0\0\7" + b"k" * 32
    request = cancel_request(key)
    assert read_startup(request) == (CancelRequest(request, key), b"")


@pytest.mark.parametrize("length", [0, 7, 10_005, 0xFFFFFFFF])
def test_an_impossible_length_is_refused(length: int) -> None:
    with pytest.raises(FramingError):
        read_startup(struct.pack(">I", length))


@pytest.mark.parametrize("version", [0, 2 << 16, 4 << 16])
def test_another_protocol_is_the_server_s_to_refuse(version: int) -> None:
    whole = packet(version, b"\0")
    assert read_startup(whole + b"rest") == (OtherProtocol(whole), b"rest")


def test_the_largest_packet_is_one() -> None:
    whole = packet(3 << 16, b"user\0me\0".ljust(9_995, b"x") + b"\0")
    assert len(whole) == 10_004
    assert read_startup(whole) is not None


def test_a_request_for_encryption_may_have_a_body() -> None:
    assert read_startup(packet(80877103, b"x")) == (SSLRequest(), b"")
    assert read_startup(packet(80877104, b"x")) == (GSSENCRequest(), b"")


def test_a_cancel_request_without_a_key_is_none() -> None:
    with pytest.raises(FramingError):
        read_startup(packet(80877102))
