"""Opening the app, a sample or an upload loads no model library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = f"""
import sys
from streamlit.testing.v1 import AppTest
for view in ("explore", "step_through", "rollout"):
    test = AppTest.from_file({str(ROOT / "app" / "main.py")!r}, default_timeout=60)
    test.query_params["view"] = view
    test.run()
    assert not test.exception, test.exception
print([name for name in ("torch", "transformers") if name in sys.modules])
"""


def test_no_view_loads_a_model_library_before_it_is_asked_to() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr[-2000:]
