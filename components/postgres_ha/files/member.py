"""Process 1 of a member: `member.py PROGRAM ...` runs Patroni, and hands a primary over before Patroni is stopped.

Patroni alone stops its server first and gives up the leader lock afterwards: whichever replica is quicker takes it.
Here the replica is chosen, and it streams. Beside Patroni it also looks after a primary that is gone, where the stack
file wants that (release.py). As process 1 it takes the place of the one that Patroni starts for itself.
"""

import importlib
import json
import os
import re
import signal
import sys
import threading
from pathlib import Path
from typing import Any

SECONDS = 20
"""The most that a stop waits for a hand-over: a third of its grace. Poolers that wait add 10 s at most."""
DIRECTORY = Path(__file__).parent.parent
PASSWORDS = DIRECTORY / "config/20-passwords.yml"
PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def _own() -> Any:
    """Its own Patroni's REST API."""
    switchover = importlib.import_module("switchover")  # only now: a member that runs needs none of it
    found = re.search(r"^restapi:\s+authentication: .*password: (\w+)", PASSWORDS.read_text(), re.M)
    return switchover.Patroni(os.environ["PATRONI_RESTAPI_CONNECT_ADDRESS"], found[1] if found else "")


def _hand_over() -> str:
    switchover = importlib.import_module("switchover")
    return str(switchover.hand_over(_own(), os.environ["PATRONI_NAME"], seconds=SECONDS, **_waiting()))


def _waiting() -> dict[str, Any]:
    """What lets the poolers wait, where there are some that do."""
    if not (settings := DIRECTORY / "programs/poolers.json").exists():
        return {}
    known = {**json.loads(settings.read_text()), "password": (DIRECTORY / "pooler_password").read_text()}
    poolers = importlib.import_module("poolers").Poolers(**known)
    return {"paused": poolers.paused}


def _wake() -> None:
    """Patroni begins a loop after each change of its configuration, also after this one, which changes nothing."""
    _own().ask("PATCH", "/config", {"woken": None})


def _release_early() -> None:
    """Where the stack file says after how long."""
    if (DIRECTORY / "programs/release.json").exists():
        importlib.import_module("release").start(os.environ["PATRONI_NAME"], DIRECTORY, _wake)


def main(program: list[str]) -> int:
    """The program's exit code."""
    child = os.spawnvp(os.P_NOWAIT, program[0], program)
    _release_early()
    begun = threading.Event()

    def stop() -> None:
        try:
            said = _hand_over()
        except Exception as error:  # a stop goes on, whatever happens here
            said = f"not handed over: {error!r}"
        print(f"stop: {said}", flush=True)
        os.kill(child, signal.SIGTERM)

    def asked(*_: object) -> None:
        if begun.is_set():  # a second time: at once
            os.kill(child, signal.SIGTERM)
            return
        begun.set()
        threading.Thread(target=stop, daemon=True).start()

    signal.signal(signal.SIGTERM, asked)
    for number in PASSED_ON:
        signal.signal(number, lambda number, _: os.kill(child, number))
    while True:
        ended, status = os.waitpid(-1, 0)  # process 1 also has what others left behind
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
