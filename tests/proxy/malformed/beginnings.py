"""How a connection may begin that is none of PostgreSQL's, or nearly."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from proxy.wire.frames import message
from proxy.wire.startup import CANCEL_REQUEST, GSSENC_REQUEST, SSL_REQUEST
from tests.proxy.raw import query, startup

_V3 = 3 << 16

#: The most bytes of a beginning that is cut at every one of them.
_CUT = 100


def packet(code: int, body: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack(">II", len(body) + 8 if length is None else length, code) + body


SSL, GSS = packet(SSL_REQUEST), packet(GSSENC_REQUEST)
CANCEL = packet(CANCEL_REQUEST, struct.pack(">II", 1, 2))
HELLO = startup("nobody", "nowhere")

#: None of them lets anybody in.
BEGINNINGS: dict[str, bytes] = (
    {
        "nothing": b"",
        "Terminate": message(b"X"),
        "Query": query("SELECT 1"),
        "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "zeros": bytes(64),
        "ones": b"\xff" * 64,
        "a StartupMessage": HELLO,
        "CancelRequest": CANCEL,
        "CancelRequest of nothing": packet(CANCEL_REQUEST),
        "CancelRequest without a secret": packet(CANCEL_REQUEST, bytes(4)),
        "CancelRequest with a short secret": packet(CANCEL_REQUEST, bytes(6)),
        "CancelRequest with a long secret": packet(CANCEL_REQUEST, bytes(260)),
        "CancelRequest with a longer secret": packet(CANCEL_REQUEST, bytes(261)),
        "CancelRequest and more": CANCEL + HELLO,
        "GSSENCRequest": GSS,
        "GSSENCRequest twice at once": GSS * 2,
        "GSSENCRequest with a body": packet(GSSENC_REQUEST, b"x"),
        "SSLRequest": SSL,
        "SSLRequest twice at once": SSL * 2,
        "SSLRequest with a body": packet(SSL_REQUEST, b"x"),
        "SSLRequest and a StartupMessage": SSL + HELLO,
        "without a user": packet(_V3, b"database\0postgres\0\0"),
        "with an empty user": packet(_V3, b"user\0\0\0"),
        "without a terminator": packet(_V3, b"user\0postgres"),
        "without a value": packet(_V3, b"user\0"),
        "without the last terminator": packet(_V3, b"user\0postgres\0"),
        "with more behind the terminator": packet(_V3, b"user\0postgres\0\0xx\0"),
        "with nothing": packet(_V3),
        "with a terminator alone": packet(_V3, b"\0"),
        "an odd replication": packet(_V3, b"user\0postgres\0replication\0maybe\0\0"),
        "an unknown setting": packet(_V3, b"user\0nobody\0foo\0bar\0\0"),
        "an option of the protocol's": packet(_V3 + 2, b"user\0nobody\0_pq_.unknown\0" + b"1\0\0"),
        "bytes that are no text": packet(_V3, b"user\0\xff\xfe\0\0"),
    }
    | {
        f"protocol {major}.{minor}": packet(major << 16 | minor, b"user\0nobody\0\0")
        for major, minor in [
            *((0, 0), (0, 1), (1, 0), (2, 0), (2, 9), (3, 1), (3, 2), (3, 3), (3, 9), (3, 9999), (3, 65535)),
            *(
                (4, 0),
                (5, 7),
                (1233, 5679),
                (1234, 0),
                (1234, 5677),
                (1234, 5681),
                (1235, 5679),
                (65535, 65535),
            ),
        ]
    }
    | {
        f"a length of {length}": packet(
            _V3, b"user\0nobody\0a\0".ljust(min(max(length, 9), 10_010) - 9, b"b") + b"\0", length
        )
        for length in [
            *range(13),
            9_999,
            10_000,
            10_001,
            10_002,
            10_003,
            10_004,
            10_005,
            1 << 31,
            (1 << 32) - 1,
        ]
    }
)

#: What follows the answer to a request for encryption, where that has been declined.
DECLINED: dict[str, tuple[bytes, ...]] = {
    "SSLRequest twice": (SSL, SSL),
    "GSSENCRequest twice": (GSS, GSS),
    "GSSENCRequest after SSLRequest": (SSL, GSS),
    "SSLRequest after GSSENCRequest": (GSS, SSL),
    "a StartupMessage after SSLRequest": (SSL, HELLO),
    "CancelRequest after SSLRequest": (SSL, CANCEL),
    "Terminate after SSLRequest": (SSL, message(b"X")),
    "HTTP after GSSENCRequest": (GSS, b"GET / HTTP/1.0\r\n\r\n"),
    "protocol 2.0 after SSLRequest": (SSL, packet(2 << 16, b"user\0nobody\0\0")),
}


def cut_beginnings() -> list[bytes]:
    """All beginnings, and all that short ones begin with."""
    found = dict.fromkeys(BEGINNINGS.values())
    for each in BEGINNINGS.values():
        if len(each) <= _CUT:
            found |= dict.fromkeys(each[:size] for size in range(len(each)))
    return list(found)


def random_beginnings(seed: int, count: int) -> Iterator[bytes]:
    """Any bytes, and packets of which something is wrong; in the same order for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        yield _RECIPES[chance.randrange(len(_RECIPES))](chance)


def _bytes(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1, 60))


def _length_and_code(chance: random.Random) -> bytes:
    codes = [CANCEL_REQUEST, SSL_REQUEST, GSSENC_REQUEST, _V3, _V3 + chance.randrange(1 << 16)]
    code = chance.choice([*codes, chance.getrandbits(32), chance.randrange(8) << 16])
    body = chance.randbytes(chance.choice([0, 1, 4, 8, chance.randrange(300)]))
    wrong = chance.choice([-4, -1, 1, 4, 10_004 - 8 - len(body), 10_005 - 8 - len(body)])
    return packet(code, body, len(body) + 8 + (wrong if chance.random() < 0.5 else 0))


def _words(chance: random.Random) -> bytes:
    names = [b"user", b"database", b"options", b"replication", b"client_encoding", b"_pq_.x", b"", b"x"]
    values = [b"nobody", b"", b"true", b"-c geqo=off", b"\xff", chance.randbytes(3)]
    words = [chance.choice([names, values][turn % 2]) for turn in range(chance.randrange(8))]
    ends = [b"", b"\0", b"\0\0", b"\0x", b"\0\0x\0"]
    return packet(_V3 + chance.choice([0, 0, 1, 2, 3]), b"\0".join(words) + chance.choice(ends))


def _mutated(chance: random.Random) -> bytes:
    found = bytearray(chance.choice(list(BEGINNINGS.values()))[:200])
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(found) + 1)
        found[at : at + chance.randrange(2)] = chance.randbytes(chance.randrange(2))
    return bytes(found[: chance.randrange(len(found) + 1)] if chance.random() < 0.2 else found)


def _several(chance: random.Random) -> bytes:
    return b"".join(chance.choice([SSL, GSS, HELLO, CANCEL, _bytes(chance)]) for _ in range(2))


_RECIPES = (_bytes, _length_and_code, _length_and_code, _words, _words, _mutated, _mutated, _several)
