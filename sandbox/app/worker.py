"""`python3 -m app.worker`: takes jobs from Redis, without a port; `--check` is its probe."""

import os
import sys

from . import heartbeat
from .settings import SettingsError


def main() -> None:
    """Exits with 0 after SIGTERM; `--check` exits with 0 while the worker works, else 1 and one sentence."""
    if sys.argv[1:] == ["--check"]:
        sys.exit(heartbeat.check())
    if reason := os.environ.get("APP_FAIL_START"):
        sys.exit(f"start refused by APP_FAIL_START: {reason}")
    # Only here: a probe runs every few seconds, and Redis's client takes longer to import than the check takes.
    import asyncio

    from .consumer import consume

    try:
        asyncio.run(consume())
    except SettingsError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
