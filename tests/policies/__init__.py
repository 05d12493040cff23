"""The policy pack's rules: fixed cases for each, every golden stack, and defects that are planted into them.

A pack is rooted at its folder: `rules`, `views` and `levels` are imported from there.
"""

import sys
from pathlib import Path

PACK = Path(__file__).resolve().parents[2] / "policies"
if str(PACK) not in sys.path:
    sys.path.insert(0, str(PACK))
