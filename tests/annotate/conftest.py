"""Makes the toy policy and the served growth of other tests importable here."""

from __future__ import annotations

import sys
from pathlib import Path

for folder in ("policies", "samplers"):
    sys.path.insert(0, str(Path(__file__).parent.parent / folder))
