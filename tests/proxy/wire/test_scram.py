"""SCRAM-SHA-256, against the example of RFC 7677."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.wire import authentication, scram
from proxy.wire.frames import FramingError
from proxy.wire.scram import ScramError, Verifier

# https://www.rfc-editor.org/rfc/rfc7677#section-3
FIRST = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
ANSWER = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
WITHOUT_PROOF = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
FINAL = WITHOUT_PROOF + b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
SIGNATURE = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

SALTED = hashlib.pbkdf2_hmac("sha256", b"pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096)
CLIENT_KEY = scram.server_signature(SALTED, b"Client Key")
VERIFIER = Verifier(
    4096,
    base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="),
    hashlib.sha256(CLIENT_KEY).digest(),
    scram.server_signature(SALTED, b"Server Key"),
)
#: What PostgreSQL keeps for that password, salt and number.
KEPT = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=="
    "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)


def signed() -> bytes:
    first, answer = scram.read_client_first(FIRST), scram.read_server_first(ANSWER)
    return scram.auth_message(first, answer, scram.read_client_final(FINAL).without_proof)


def test_the_verifier_is_read_as_postgres_keeps_it() -> None:
    assert Verifier.read(KEPT) == VERIFIER


def test_a_verifier_does_not_show_its_keys() -> None:
    assert "key" not in repr(VERIFIER)


@pytest.mark.parametrize(
    "kept", ["", "md5" + 32 * "0", KEPT[:-1], KEPT + "x", KEPT.replace("4096:", "4096:=")]
)
def test_what_is_no_verifier_is_none(kept: str) -> None:
    assert Verifier.read(kept) is None


def test_the_key_is_recovered_from_the_right_proof() -> None:
    assert scram.recover_client_key(VERIFIER, signed(), scram.read_client_final(FINAL).proof) == CLIENT_KEY


def test_no_key_is_recovered_from_a_wrong_proof() -> None:
    assert scram.recover_client_key(VERIFIER, signed(), bytes(32)) is None
    assert scram.recover_client_key(VERIFIER, signed() + b"x", scram.read_client_final(FINAL).proof) is None


def test_the_proof_is_made_of_the_key() -> None:
    without_proof = scram.client_final_without_proof(scram.NO_BINDING, scram.read_server_first(ANSWER).nonce)
    assert without_proof == WITHOUT_PROOF
    assert scram.client_final(without_proof, scram.client_proof(CLIENT_KEY, signed())) == FINAL


def test_the_server_s_signature_is_made_of_its_key() -> None:
    signature = scram.server_signature(VERIFIER.server_key, signed())
    assert scram.server_final(signature) == SIGNATURE
    assert scram.read_server_final(SIGNATURE) == signature


def test_messages_are_written_as_they_are_read() -> None:
    answer = scram.read_server_first(ANSWER)
    assert scram.server_first(answer.nonce, answer.salt, answer.iterations) == answer
    first = scram.client_first(scram.BINDING, b"abc")
    assert scram.read_client_first(first.header + first.bare) == first


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"n,,",
        b"x,,n=,r=a",
        b"n,a=other,n=,r=a",
        b"n,,m=ext,n=,r=a",
        b"n,,n=,r=",
        b"p=,,n=,r=a",
    ],
)
def test_a_first_message_that_is_none_is_refused(message: bytes) -> None:
    with pytest.raises(ScramError):
        scram.read_client_first(message)


@pytest.mark.parametrize(
    "message", [b"", WITHOUT_PROOF, FINAL[:-3], FINAL + b",x=y", WITHOUT_PROOF + b",p=AAAA"]
)
def test_a_final_message_that_is_none_is_refused(message: bytes) -> None:
    with pytest.raises(ScramError):
        scram.read_client_final(message)


@pytest.mark.parametrize("message", [b"", b"e=other-error", b"v=!"])
def test_an_end_that_is_none_is_refused(message: bytes) -> None:
    with pytest.raises(ScramError):
        scram.read_server_final(message)


@given(st.binary() | st.text(alphabet="npyrcsiv=,AaZz09+/", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(message: bytes) -> None:
    readers: list[Callable[[bytes], object]] = [
        scram.read_client_first,
        scram.read_server_first,
        scram.read_client_final,
        scram.read_server_final,
    ]
    for read in readers:
        with suppress(ScramError):
            read(message)
    for take in (authentication.read_request, authentication.read_sasl_initial_response):
        with suppress(FramingError):
            take(message)
