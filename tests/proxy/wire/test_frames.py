"""Cutting a byte stream into messages gives the same result however it arrives."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.wire.frames import LARGEST, Cutter, FramingError, Message, Run, message

WANTED = frozenset(b"QP")
QUIET = frozenset(b"d")

messages = st.lists(
    st.builds(message, st.sampled_from([b"Q", b"P", b"B", b"S", b"d"]), st.binary(max_size=40)), max_size=12
)
cuts = st.lists(st.integers(0, 300), max_size=20)


def split(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
    return [stream[a:b] for a, b in pairwise(edges) if a < b]


def pieces(chunks: list[bytes], *, largest_held: int = LARGEST) -> list[Run | Message]:
    cutter = Cutter(largest_held=largest_held)
    found: list[Run | Message] = []
    for chunk in chunks:
        cutter.feed(chunk)
        while (piece := cutter.take(WANTED, QUIET)) is not None:
            found.append(piece)
    assert cutter.pending == 0
    return found


@given(messages, cuts)
def test_no_byte_is_lost_or_moved(frames: list[bytes], places: list[int]) -> None:
    stream = b"".join(frames)
    found = pieces(split(stream, places))
    assert b"".join(p.data if isinstance(p, Run) else p.frame for p in found) == stream


@given(messages, cuts)
def test_wanted_messages_are_whole_and_all_others_are_named(frames: list[bytes], places: list[int]) -> None:
    named: list[int] = []
    for piece in pieces(split(b"".join(frames), places)):
        if isinstance(piece, Run):
            named += piece.kinds
            assert not WANTED & set(piece.kinds)
        else:
            named.append(piece.kind)
            assert piece.frame in frames
    assert named == [frame[0] for frame in frames if frame[0] not in QUIET]


def test_a_message_that_is_all_of_a_chunk_is_not_copied() -> None:
    frame = message(b"Q", b"SELECT 1\0")
    (found,) = pieces([frame])
    assert isinstance(found, Message)
    assert found.frame is frame
    (run,) = pieces([message(b"S")])
    assert isinstance(run, Run)


def test_a_long_message_streams_although_it_is_wanted() -> None:
    frame = message(b"Q", b"x" * 100)
    found = pieces([frame[:50], frame[50:]], largest_held=60)
    assert [piece.data for piece in found if isinstance(piece, Run)] == [frame[:50], frame[50:]]


def test_a_message_that_is_not_wanted_is_never_held() -> None:
    cutter = Cutter()
    cutter.feed(b"B" + (1 << 29).to_bytes(4, "big") + b"abc")
    piece = cutter.take(WANTED)
    assert isinstance(piece, Run)
    assert cutter.pending == 0
    assert cutter.inside_message


def test_what_is_wanted_may_change_between_messages() -> None:
    cutter = Cutter()
    cutter.feed(message(b"Q") + message(b"B") + message(b"B"))
    assert cutter.take(WANTED) == Message(ord("Q"), message(b"Q"))
    assert cutter.take(frozenset(b"B")) == Message(ord("B"), message(b"B"))
    assert cutter.take(WANTED) == Run(message(b"B"), [ord("B")])


@pytest.mark.parametrize("length", [0, 3, LARGEST + 1, 0xFFFFFFFF])
def test_an_impossible_length_is_refused_after_what_came_before(length: int) -> None:
    cutter = Cutter()
    cutter.feed(message(b"S") + b"Q" + length.to_bytes(4, "big"))
    assert isinstance(cutter.take(WANTED), Run)
    with pytest.raises(FramingError):
        cutter.take(WANTED)
