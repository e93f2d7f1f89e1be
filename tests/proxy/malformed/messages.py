"""What a client may say in a session, or where a password is asked for, that is no message of its own."""

from __future__ import annotations

import struct

from proxy.wire.frames import HEADER_SIZE, message
from tests.proxy.raw import SYNC, TERMINATE, bind, execute, parse, query

_CALL = b"SELECT iasql_plan_apply()"

#: What has been said before, each with its answer.
STATES: dict[str, tuple[bytes, ...]] = {
    "idle": (),
    "in a transaction that failed": (query("BEGIN"), query("SELECT 1/0")),
    "amid a batch": (parse("SELECT 1") + message(b"H"),),
    "after an error in a batch": (parse("SELEKT") + message(b"H"),),
    "in a COPY": (query("CREATE TEMP TABLE t (a text)"), query("COPY t FROM STDIN")),
    "with a call that is prepared": (parse(_CALL.decode(), "call") + SYNC,),
}

MESSAGES: dict[str, bytes] = {
    "a length of three": b"Q\0\0\0\3",
    "a length of nothing": b"S\0\0\0\0",
    "a negative length": b"Q\xff\xff\xff\xff",
    "a length of two gigabytes": b"P\x7f\xff\xff\xff",
    "a length beyond what is allocated": b"Q\x3f\xff\xff\xff",
    "a COPY with a length of three": b"d\0\0\0\3",
    "an unknown message": message(b"y", b"?"),
    "an unknown message with a length of nothing": b"y\0\0\0\0",
    "a message of the server's": message(b"Z", b"I"),
    "a password": message(b"p", b"secret\0"),
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "zeros": bytes(16),
    "a StartupMessage": struct.pack(">II", 9, 3 << 16) + b"\0",
    "SSLRequest": struct.pack(">II", 8, 80877103),
    "a Query, then a length of three": query("SELECT 1") + b"Q\0\0\0\3",
    "a Query, then an unknown message": query("SELECT 1") + message(b"y", b"?"),
    "a length of three, then a Query": b"Q\0\0\0\3" + query("SELECT 1"),
    "a Query without an end": message(b"Q", b"SELECT 1"),
    "a Query with more": message(b"Q", b"SELECT 1\0more"),
    "an empty Query": message(b"Q"),
    "a Query with a call and without an end": message(b"Q", _CALL),
    "a Query with a call and more": message(b"Q", _CALL + b"\0more"),
    "a Parse without its types": message(b"P", b"\0SELECT 1\0") + SYNC,
    "a Parse with more": message(b"P", b"\0SELECT 1\0\0\0more") + SYNC,
    "a Parse with a call without its types": message(b"P", b"\0" + _CALL + b"\0") + SYNC,
    "a Parse with a call and more": message(b"P", b"\0" + _CALL + b"\0\0\0more") + SYNC,
    "a Parse with too few types": message(b"P", b"\0" + _CALL + b"\0\0\2\0\0\0\1") + SYNC,
    "a Bind whose value is not all there": parse("SELECT $1::text")
    + message(b"B", b"\0\0\0\0\0\1\0\0\0\x09x")
    + SYNC,
    "a Bind of a call without an end": message(b"B", b"portal\0call") + SYNC,
    "a Bind of nothing": message(b"B") + SYNC,
    "an Execute without a limit": bind("", "call") + message(b"E", b"\0") + SYNC,
    "an Execute with more": bind("", "call") + message(b"E", b"\0\0\0\0\0more") + SYNC,
    "an Execute without an end": bind("", "call") + message(b"E", b"portal") + SYNC,
    "an Execute of nothing": execute("none") + SYNC,
    "a Close of nothing": message(b"C") + SYNC,
    "a Close of what there is none of": message(b"C", b"Qcall\0") + SYNC,
    "a Close with more": message(b"C", b"Scall\0more") + SYNC,
    "a Close without an end": message(b"C", b"Scall") + SYNC,
    "a Describe of what there is none of": message(b"D", b"Qcall\0") + SYNC,
    "a Describe without an end": message(b"D", b"Scall") + SYNC,
    "a Sync with a body": message(b"S", b"body"),
    "a Flush with a body": message(b"H", b"body") + SYNC,
    "a Terminate with a body": message(b"X", b"body"),
    "a Terminate with a body, and a Query": message(b"X", b"body") + query("SELECT 1"),
    "a FunctionCall of nothing": message(b"F"),
    "a CopyDone that nobody waits for": message(b"c") + SYNC,
    "a CopyFail without an end": message(b"f", b"why") + SYNC,
    "a CopyFail of nothing": message(b"f") + SYNC,
    "several Terminates": TERMINATE * 3,
} | {
    f"a {chr(kind)} with a length of {length}": struct.pack(">cI", bytes([kind]), length) + bytes(size)
    for kind in b"CDEFHSXcf"
    for length, size in [(9_999, 9_995), (10_000, 9_996), (10_001, 0), (10_001, 20), (0x3FFFFFFF, 0)]
}

#: A type of a message alone, and with an empty body: some of those that there are none of.
KINDS: list[bytes] = [
    found
    for kind in (*range(0, 256, 15), *b"AGpqsxZ")
    if kind not in b"BCDEFHPQSXcdf"
    for found in (bytes([kind]), message(bytes([kind])))
]

#: What is no answer to a request for a password.
ANSWERS: dict[str, bytes] = {
    "a wrong one": message(b"p", b"wrong\0"),
    "an empty one": message(b"p", b"\0"),
    "nothing": message(b"p"),
    "one without an end": message(b"p", b"wrong"),
    "one with more": message(b"p", b"wrong\0more\0"),
    "a length of three": b"p\0\0\0\3",
    "a negative length": b"p\xff\xff\xff\xff",
    "a length that is too large": b"p\0\1\0\0",
    "the largest": struct.pack(">cI", b"p", 65_535) + b"x" * 65_530 + b"\0",
    "a length that is too large for SCRAM": message(b"p", b"SCRAM-SHA-256\0" + bytes(1_100)),
    "a Query": query("SELECT 1"),
    "Terminate": TERMINATE,
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
    "a mechanism that is none": message(b"p", b"SCRAM-SHA-1\0\0\0\0\x01n"),
    "a mechanism and nothing": message(b"p", b"SCRAM-SHA-256\0\xff\xff\xff\xff"),
}

_CUT = 30


def messages() -> list[bytes]:
    """All of them, and some types that there are none of."""
    return [*MESSAGES.values(), *KINDS]


def cut_messages() -> list[bytes]:
    """All of them, and all that short ones begin with."""
    found = dict.fromkeys(messages())
    for each in MESSAGES.values():
        if len(each) <= _CUT:
            found |= dict.fromkeys(each[:size] for size in range(1, len(each)))
    return list(found)


def ends_within_header(words: bytes) -> bool:
    """Whether type and length of the last message are not all there."""
    at = 0
    while len(words) - at >= HEADER_SIZE:
        at += int.from_bytes(words[at + 1 : at + HEADER_SIZE], "big") + 1
    return at < len(words)
