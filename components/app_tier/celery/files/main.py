"""What runs in the image of an application that uses Celery: `worker`, `alive`, its
check, and `exporter`.

It needs Python 3.9. `alive` imports nothing but the standard library, for it runs every few seconds.
"""

import json
import sys
from pathlib import Path


def main(directory: str, mode: str) -> int:
    """`directory` holds this program and `celery.json`."""
    told = json.loads(Path(directory, "celery.json").read_text())
    # The application's own modules come first, and its directory is where the container starts.
    sys.path.remove(directory)
    sys.path[:0] = [""]
    sys.path.append(directory)
    if mode == "alive":
        from ha_celery import beat as program
    elif mode == "exporter":
        from ha_celery import exporter as program
    else:
        from ha_celery import worker as program
    done: int = program.main(told)
    return done
