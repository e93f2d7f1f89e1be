"""Each answer is given to whom it belongs."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.wire.expected import Expected, Owner


@dataclass(eq=False)
class Someone:
    outstanding: int = 0


def sent(expected: Expected, kinds: str, owner: Someone | None = None) -> None:
    for kind in kinds:
        expected.sent(ord(kind), owner)


def received(expected: Expected, kinds: str) -> list[Owner | None]:
    return [expected.received(ord(kind)) for kind in kinds]


def test_a_batch_is_drained_when_its_last_answer_came() -> None:
    expected = Expected()
    sent(expected, "PBDE")
    received(expected, "12TDD")
    assert not expected.drained
    received(expected, "C")
    assert expected.drained


def test_private_answers_are_told_from_the_clients() -> None:
    expected, someone = Expected(), Someone()
    sent(expected, "PB")
    sent(expected, "PBE", someone)
    sent(expected, "E")
    assert received(expected, "12") == [None, None]
    assert received(expected, "12NADSC") == [someone, someone, None, None, someone, None, someone]
    assert someone.outstanding == 0
    assert received(expected, "DC") == [None, None]
    assert expected.drained


def test_after_an_error_everything_up_to_the_sync_is_discarded() -> None:
    expected, someone = Expected(), Someone()
    sent(expected, "PBE")
    sent(expected, "PBE", someone)
    received(expected, "1E")
    assert someone.outstanding == 0
    assert [expected.drained, expected.skipping] == [True, True]
    sent(expected, "PBQ")
    assert expected.drained
    sent(expected, "S")
    assert [expected.skipping, expected.drained] == [False, False]
    received(expected, "Z")
    assert expected.drained


def test_a_sync_that_was_already_sent_ends_the_error() -> None:
    expected = Expected()
    sent(expected, "PBESPBES")
    received(expected, "E")
    assert not expected.skipping
    received(expected, "Z12CZ")
    assert expected.drained


def test_an_error_in_a_query_discards_nothing() -> None:
    expected = Expected()
    sent(expected, "QQ")
    received(expected, "TEZ")
    assert not expected.drained
    received(expected, "TDCCZ")
    assert expected.drained


def test_a_sync_sent_with_a_copy_gets_no_answer() -> None:
    expected = Expected()
    sent(expected, "PBES")
    received(expected, "12G")
    sent(expected, "dSc")
    received(expected, "C")
    assert expected.drained
    sent(expected, "S")
    received(expected, "Z")
    assert expected.drained


def test_a_batch_knows_what_the_client_has_done_in_it() -> None:
    expected, someone = Expected(), Someone()
    sent(expected, "PBPB")
    sent(expected, "PBE", someone)
    assert (expected.binds, expected.executed, expected.batch) == (2, False, 0)
    sent(expected, "ES")
    assert (expected.binds, expected.executed, expected.batch) == (0, False, 1)
