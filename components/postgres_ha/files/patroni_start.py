"""`patroni_start.py CONFIG`: becomes Patroni, without three of its waits, for which it has no setting.

- A primary that has written its last checkpoint waits a second for the replicas to have it, too, and then asks them.
  Here it asks after a tenth of that. Where none has it yet, Patroni gives the leader lock up when the server has ended.
- It looks once a second whether the server that it stops has ended, and gives the leader lock up after that. A
  switchover takes a second more where the first look comes too soon.
- Its copy of the store is renewed when it has lost a member of the store. Then it wakes one of those that wait for the
  copy, and another waits for `retry_timeout` (10 s by default). The other may be the loop that would take the lock of a
  lost primary, and the one that was woken a request to its REST API.

Seen in Patroni 4.0 and 4.1. Where its module is not this Python's it starts as it is.
"""

import importlib
import os
import sys
import threading
import time

LOOK_SECONDS = 0.1
"""Each look runs `pg_controldata`, or asks for a connection."""
STOPPING = ("on_shutdown", "_on_shutdown")
"""Functions of Patroni's loop that run when its server has written the last checkpoint."""


class Clock:
    """`time`, as Patroni's loop has it, with shorter sleeps in `STOPPING`."""

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        """Shorter only where one of them asks."""
        stopping = sys._getframe(1).f_code.co_name in STOPPING
        time.sleep(min(seconds, LOOK_SECONDS) if stopping else seconds)


class Everybody(threading.Condition):
    """Wakes all who wait."""

    def notify(self, n: int = 1) -> None:
        """However many are asked for: who need not have been woken waits again."""
        super().notify(max(n, sys.maxsize))


CHANGED = {
    ("patroni.postgresql", "STOP_POLLING_INTERVAL"): LOOK_SECONDS,
    ("patroni.dcs.etcd3", "Condition"): Everybody,
    ("patroni.ha", "time"): Clock(),
}
"""Module and name -> what takes its place."""


def main(config: str) -> None:
    """Ends when Patroni ends."""
    try:
        program = importlib.import_module("patroni.__main__")
        found = {name: importlib.import_module(name) for name, _ in CHANGED}
    except ImportError:
        os.execvp("patroni", ["patroni", config])
    for (module, name), value in CHANGED.items():
        if hasattr(found[module], name):
            setattr(found[module], name, value)
    sys.argv = ["patroni", config]
    program.main()


if __name__ == "__main__":
    main(sys.argv[1])
