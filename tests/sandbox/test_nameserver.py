"""The nameserver: one NXDOMAIN for one question, and silence to everything else."""

import struct

import pytest

from sandbox.hosts.nameserver import answer

_QUESTION = b"\x05tasks\x05ended\x00" + struct.pack(">HH", 1, 1)


def _query(flags: int = 0x0100, questions: int = 1, rest: bytes = _QUESTION) -> bytes:
    return struct.pack(">HHHHHH", 0xBEEF, flags, questions, 0, 0, 0) + rest


def test_the_name_does_not_exist() -> None:
    reply = answer(_query())
    assert reply is not None
    identity, flags, questions, answers, authorities, more = struct.unpack(">HHHHHH", reply[:12])
    assert identity == 0xBEEF
    assert flags & 0x8000, "it is a response"
    assert flags & 0x000F == 3, "NXDOMAIN"
    assert flags & 0x0100, "recursion desired is copied"
    assert (questions, answers, authorities, more) == (1, 0, 0, 0)
    assert reply[12:] == _QUESTION


def test_an_additional_record_is_left_out() -> None:
    extended = b"\x00" + struct.pack(">HHIH", 41, 1232, 0, 0)
    reply = answer(_query(rest=_QUESTION + extended))
    assert reply is not None
    assert reply[12:] == _QUESTION


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x00" * 12,
        _query(flags=0x8180),
        _query(questions=2),
        _query(rest=b"\x3ftruncated"),
        _query(rest=_QUESTION[:-1]),
    ],
    ids=["empty", "no question", "a response", "two questions", "cut in the name", "cut after the name"],
)
def test_what_is_no_query_is_not_answered(packet: bytes) -> None:
    assert answer(packet) is None
