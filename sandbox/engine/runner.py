"""Runs a Pulumi program in a process of its own, by the contract of the Python language host.

Started by an engine as `python -m sandbox.engine.runner`; the stack's configuration comes on standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pulumi
import pulumi.runtime
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_UNSUPPORTED = "The Pulumi CLI does not support "
# Each registration at work holds a thread.
_THREADS = 128


class QuietEngine:
    """The engine's log service without the SDK's debug messages, which are most of its traffic."""

    def __init__(self, address: str) -> None:
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def Log(self, request: Any) -> Any:
        return empty_pb2.Empty() if request.severity == engine_pb2.DEBUG else self._stub.Log(request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stub, name)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("address", "project", "stack", "directory"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--engine", help="address of the log, where it is not the monitor's")
    parser.add_argument("--organization", default="organization")
    parser.add_argument("--parallel", type=int, required=True)
    parser.add_argument("--preview", action="store_true")
    return parser.parse_args()


def _configure(options: argparse.Namespace) -> None:
    given = json.load(sys.stdin)
    pulumi.runtime.set_all_config(given["values"], given["secret_keys"])
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=options.address,
            engine=QuietEngine(options.engine or options.address),
            project=options.project,
            stack=options.stack,
            parallel=options.parallel,
            dry_run=options.preview,
            organization=options.organization,
            root_directory=options.directory,
        )
    )


def _report(error: Exception, directory: str) -> None:
    """Tells why the program failed: its own words where it chose them, else the traceback of its own frames."""
    text = str(error)
    if _UNSUPPORTED in text:
        what = text.split(_UNSUPPORTED, 1)[1].split(". Please", 1)[0]
        pulumi.log.error(f"not supported by the sandbox engine: {what}; remove it or use the Pulumi CLI")
    elif isinstance(error, pulumi.RunError):
        pulumi.log.error(text)
    else:
        shown = error.__traceback__
        while shown is not None and not shown.tb_frame.f_code.co_filename.startswith(directory):
            shown = shown.tb_next
        lines = traceback.format_exception(type(error), error, shown or error.__traceback__)
        pulumi.log.error(f"the program failed:\n{''.join(lines)}")


def _stopped(error: BaseException | None) -> bool:
    """Whether the engine has ended what the program asked of it: it has said why, and a signal is on its way."""
    seen: set[int] = set()  # an error that is raised again while it is handled can be its own context's context
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, grpc.RpcError) and error.code() == grpc.StatusCode.CANCELLED:
            return True
        error = error.__cause__ or error.__context__
    return False


def main() -> int:
    """Runs the program and returns its exit code."""
    options = _arguments()
    _configure(options)
    os.chdir(options.directory)
    program = os.path.join(options.directory, "__main__.py")
    sys.argv = [program]
    sys.path.insert(0, options.directory)
    # The SDK reports what failed; asyncio would add a warning for every task that it cancelled.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pool = ThreadPoolExecutor(_THREADS)
    loop.set_default_executor(pool)

    def run_program() -> None:
        runpy.run_path(program, run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(run_program))
    except Exception as error:
        if not _stopped(error):
            _report(error, options.directory)
        return 1
    finally:
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    code = main()
    # Cancelled tasks and idle gRPC threads would otherwise speak up, or take their time, while Python shuts down.
    sys.stderr.flush()
    os._exit(code)
