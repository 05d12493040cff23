"""A plugin's server: a port on loopback, said to the CLI in the first line of standard output."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_MESSAGE_LIMIT = 400 * 1024 * 1024  # as the SDK sets it for its own channels
# Each operation at work holds one; the CLI sends as many as its --parallel says.
_THREADS = 128
_PARENT = os.getppid()
_LOOK_SECONDS = 1.0
OPTIONS = [("grpc.max_receive_message_length", _MESSAGE_LIMIT), ("grpc.max_send_message_length", _MESSAGE_LIMIT)]


class Engine:
    """The CLI's log."""

    def __init__(self, address: str) -> None:
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address, options=OPTIONS))

    def log(self, severity: str, text: str, urn: str = "") -> None:
        """`severity`: debug, info, warning or error."""
        level = engine_pb2.LogSeverity.Value(severity.upper())
        self._stub.Log(engine_pb2.LogRequest(severity=level, message=text, urn=urn))


def serve(add: Callable[[grpc.Server], Any]) -> int:
    """Serves what `add` adds until the CLI ends this process, or is gone."""
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=OPTIONS)
    add(server)
    port = server.add_insecure_port("127.0.0.1:0")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server.start()
    print(port, flush=True)
    # As the official plugins, which ask the CLI now and then: one that was killed says nothing.
    while os.getppid() == _PARENT and not ended.wait(_LOOK_SECONDS):
        pass
    return 0
