"""A program that its engine stops has nothing to report."""

import grpc
import pytest

from sandbox.engine.runner import _stopped


class Answer(grpc.RpcError):  # type: ignore[misc]
    """How a request ended."""

    def __init__(self, code: grpc.StatusCode) -> None:
        self._code = code

    def code(self) -> grpc.StatusCode:
        return self._code


def as_the_sdk_raises(code: grpc.StatusCode) -> Exception:
    try:
        try:
            raise Answer(code)
        except grpc.RpcError:
            raise Exception("context canceled")  # noqa: B904 - the SDK names no cause
    except Exception as error:
        return error


@pytest.mark.parametrize(("code", "stopped"), [(grpc.StatusCode.CANCELLED, True), (grpc.StatusCode.UNKNOWN, False)])
def test_only_a_request_that_the_engine_ended(code: grpc.StatusCode, stopped: bool) -> None:
    assert _stopped(as_the_sdk_raises(code)) is stopped


def test_a_fault_of_the_program() -> None:
    assert not _stopped(ValueError("context canceled"))
