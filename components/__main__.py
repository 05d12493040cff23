"""The components as a Pulumi plugin: the engine runs this folder (PulumiPlugin.yaml)."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Python puts this folder first, whose modules are meant to be imported as `components.<module>`.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from ha_platform.plugin import main

    main()
