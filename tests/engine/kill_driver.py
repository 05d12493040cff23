"""Updates that are killed. Run as a script with a directory and a seed: prints one line of JSON.

Each update runs in a process of its own that registers its resources over gRPC, as the SDK does; it is forked before
any gRPC object exists, so that ten of them cost seconds.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc

from sandbox.engine import operations, providers
from sandbox.engine.run import Run
from sandbox.engine.wire import to_struct
from tests.engine.fakes import THING, FakeProvider
from tests.engine.stack import Stack, urn

KILLS = 10
MOST_ROUNDS = 40
OPERATION_SECONDS = 0.03
NAMES = [f"r{number}" for number in range(6)]


def wanted(round: int) -> list[tuple[str, dict[str, Any], list[str]]]:
    """Name, inputs and dependencies of what the program of this round asks for: things are added, changed, replaced
    (those with an automatic name create first) and removed between rounds."""
    result: list[tuple[str, dict[str, Any], list[str]]] = []
    for index, name in enumerate(NAMES):
        if (index + round) % 6 == 5:
            continue
        inputs: dict[str, Any] = {"delay": OPERATION_SECONDS, "size": round, "shape": (round + index) // 4}
        if index % 2:
            inputs["name"] = name
        result.append((name, inputs, [result[-1][0]] if result and index % 3 else []))
    return result


def update(root: Path, round: int) -> int:
    """One `up`; its exit code."""

    def program(_run: Run, _directory: Path, address: str) -> int:
        stub = resource_pb2_grpc.ResourceMonitorStub(grpc.insecure_channel(address))
        stub.GetDeploymentInfo(empty_pb2.Empty())
        for name, inputs, needs in wanted(round):
            request = resource_pb2.RegisterResourceRequest(
                type=THING,
                name=name,
                custom=True,
                object=to_struct(inputs),
                dependencies=[urn(need) for need in needs],
            )
            try:
                stub.RegisterResource(request)
            except grpc.RpcError:
                return 1
        return 0

    setattr(operations, "run_program", program)  # noqa: B010 - a name imported there
    stack = Stack(root)
    run = operations.update(stack.job(), stack.recorder)
    print(stack.recorder.texts, file=sys.stderr)
    return 1 if run.ending else 0


def in_child(root: Path, round: int, kill_after: float | None, *, at_work: bool = False) -> int | None:
    """Runs an update in a child; kills it after that many seconds, counted from its first operation if `at_work`: a
    busy machine may take any time until then. Its exit code, None when it was killed."""
    calls = root / "calls"
    before = calls.stat().st_size
    child = os.fork()
    if child == 0:
        os._exit(update(root, round))
    ended, status = 0, 0
    while at_work and calls.stat().st_size == before and not ended:
        time.sleep(0.002)
        ended, status = os.waitpid(child, os.WNOHANG)
    if not ended:
        if kill_after is not None:
            time.sleep(kill_after)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def check(stack: Stack, round: int) -> list[str]:
    """What is wrong after an update that ended: orphans, missing objects, wrong properties, leftovers."""
    faults = []
    state = stack.state()
    recorded = {str(r.id): r for r in state.resources() if r.type == THING}
    objects = stack.objects()
    if set(recorded) != set(objects):
        faults.append(f"recorded {sorted(recorded)}, existing {sorted(objects)}")
    if state.condemned or state.pending:
        faults.append(f"left over: {state.condemned} {state.pending}")
    sizes = {r.urn.split("::")[-1]: objects[id]["inputs"]["size"] for id, r in recorded.items() if id in objects}
    if sizes != {name: round for name, _, _ in wanted(round)}:
        faults.append(f"sizes {sizes}")
    return faults


def main(root: Path, seed: int) -> None:
    chance = random.Random(seed)
    providers.PACKAGES["fake"] = "tests.engine.fakes:FakeProvider"
    FakeProvider.root = root
    stack = Stack(root)
    begun = time.monotonic()
    assert in_child(root, 0, None) == 0
    window = time.monotonic() - begun
    faults = check(stack, 0)
    killed = inside = 0
    for round in range(1, MOST_ROUNDS + 1):
        begun = time.monotonic()
        at_work = round % 2 == 1
        moment = chance.uniform(0, window if not at_work else OPERATION_SECONDS)
        if in_child(root, round, moment, at_work=at_work) is None:
            killed += 1
            inside += bool(stack.state().pending)
            if in_child(root, round, None) != 0:
                faults.append(f"round {round}: the update after the kill failed")
        elif not at_work:
            window = min(window, time.monotonic() - begun) * 0.8
        faults += [f"round {round}: {fault}" for fault in check(stack, round)]
        if killed == KILLS:
            break
    print(json.dumps({"killed": killed, "inside_an_operation": inside, "faults": faults}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
