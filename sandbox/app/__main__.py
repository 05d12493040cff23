"""`python3 -m app`: one replica."""

import os
import sys

from .lifecycle import Lifecycle
from .server import DrainingServer
from .settings import SettingsError, read_settings
from .web import create_app


def main() -> None:
    """Serves until SIGTERM and the drain; exits with 1 and one sentence on wrong settings or a planned failure."""
    if reason := os.environ.get("APP_FAIL_START"):
        sys.exit(f"start refused by APP_FAIL_START: {reason}")
    try:
        settings = read_settings()
    except SettingsError as error:
        sys.exit(str(error))
    lifecycle = Lifecycle()
    DrainingServer(
        create_app(settings, lifecycle),
        port=settings.port,
        lifecycle=lifecycle,
        drain_seconds=settings.drain_seconds,
        grace_seconds=settings.grace_seconds,
    ).run()


if __name__ == "__main__":
    main()
