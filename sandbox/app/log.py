"""One JSON object a line on stdout, so that what a replica acknowledged can be read from its log."""

import json
import sys
import time


def log(event: str, **fields: object) -> None:
    """Prints `event` with its time (seconds since 1970) and `fields`; the line is complete or absent."""
    sys.stdout.write(json.dumps({"event": event, "time": round(time.time(), 3), **fields}, default=str) + "\n")
    sys.stdout.flush()
