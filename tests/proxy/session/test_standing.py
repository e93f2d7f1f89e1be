"""When a client is told of what a ROLLBACK does not take back."""

from __future__ import annotations

from proxy.session.standing import Standing
from proxy.wire import server
from proxy.wire.frames import Message, message

_WARNING = server.notice_response({"S": "WARNING", "M": "it stands"}, "utf-8")


def _told(*sent: bytes) -> list[bytes]:
    """The messages that a client gets after it has done what stands, in their order."""
    standing, told = Standing(), []
    standing.add(_WARNING)
    for frame in sent:
        told += [each for each in (standing.before(Message(frame[0], frame)), frame) if each]
    assert not standing or sent[-1] != _IDLE
    return told


def _tag(tag: bytes) -> bytes:
    return message(b"C", tag + b"\0")


_IDLE, _OPEN, _FAILED = (message(b"Z", each) for each in (b"I", b"T", b"E"))
_ERROR = message(b"E", b"SERROR\0\0")


def test_before_the_rollback_is_confirmed() -> None:
    rollback = _tag(b"ROLLBACK")
    assert _told(_tag(b"SELECT 1"), _OPEN, rollback, _IDLE) == [
        _tag(b"SELECT 1"), _OPEN, _WARNING, rollback, _IDLE,
    ]  # fmt: skip


def test_not_of_a_commit() -> None:
    assert _WARNING not in _told(_OPEN, _tag(b"COMMIT"), _IDLE)


def test_of_a_commit_of_what_has_failed() -> None:
    assert _told(_ERROR, _FAILED, _tag(b"ROLLBACK"), _IDLE)[2] == _WARNING


def test_of_an_implicit_transaction_that_fails() -> None:
    assert _told(_ERROR, _IDLE) == [_ERROR, _WARNING, _IDLE]


def test_once_of_each_rollback() -> None:
    told = _told(
        _ERROR, _FAILED, _tag(b"ROLLBACK"), _OPEN, _tag(b"ROLLBACK"), _IDLE, _tag(b"ROLLBACK"), _IDLE
    )
    assert told.count(_WARNING) == 2


def test_what_has_lasted_is_not_told_of_later() -> None:
    assert _WARNING not in _told(_tag(b"COMMIT"), _IDLE, _ERROR, _IDLE, _tag(b"ROLLBACK"), _IDLE)
