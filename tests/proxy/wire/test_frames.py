"""Cutting a byte stream into messages gives the same result however it arrives."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.wire.frames import LARGEST, Cutter, FramingError, Message, Run, message

WANTED = frozenset(b"QP")
FOLLOWED = dict.fromkeys(WANTED, b"")
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


@given(messages, cuts)
def test_a_stream_that_was_passed_on_is_followed_alike(frames: list[bytes], places: list[int]) -> None:
    cutter = Cutter()
    found: list[int] = []
    for chunk in split(b"".join(frames), places):
        for piece in cutter.follow(chunk, FOLLOWED, QUIET):
            if isinstance(piece, Message):
                assert piece.frame in frames
                found.append(piece.kind)
            else:
                found.append(piece)
    assert found == [frame[0] for frame in frames if frame[0] not in QUIET]
    assert cutter.pending == 0
    assert not cutter.inside_message


@given(cuts)
def test_what_does_not_begin_as_wanted_is_passed_over(places: list[int]) -> None:
    frames = [message(b"S", body) for body in (b"name\0one", b"names\0two", b"", b"na", b"name\0three")]
    cutter = Cutter()
    found: list[int | Message] = []
    for chunk in split(b"".join(frames), places):
        found += cutter.follow(chunk, {ord("S"): b"name\0"}, QUIET)
    assert found == [Message(ord("S"), frames[0]), Message(ord("S"), frames[4])]


@given(messages, messages, cuts)
def test_following_and_taking_can_alternate(
    first: list[bytes], second: list[bytes], places: list[int]
) -> None:
    cutter = Cutter()
    kinds: list[int] = []
    for number, chunk in enumerate(split(b"".join(first + second), places)):
        if number % 2:
            cutter.feed(chunk)
            while (piece := cutter.take(WANTED, QUIET)) is not None:
                kinds += piece.kinds if isinstance(piece, Run) else [piece.kind]
        else:
            kinds += [p.kind if isinstance(p, Message) else p for p in cutter.follow(chunk, FOLLOWED, QUIET)]
    assert kinds == [frame[0] for frame in first + second if frame[0] not in QUIET]


def test_whole_messages_are_named_only_if_nothing_else_is_there() -> None:
    cutter = Cutter()
    chunk = message(b"Q", b"x") + message(b"d", b"y") + message(b"S")
    assert cutter.whole(chunk, QUIET) == [ord("Q"), ord("S")]
    assert cutter.whole(chunk[:-1], QUIET) is None
    assert cutter.whole(b"Q\0\0\0\0" + chunk, QUIET) is None
    cutter.feed(b"Q")
    assert cutter.whole(chunk, QUIET) is None
