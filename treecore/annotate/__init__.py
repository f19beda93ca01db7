"""Adds to recorded forests what costs more rollouts: values of steps, the first error of wrong trajectories.

`annotate` gives changed forests, `annotate_file` writes each the moment it is finished and can go on after a crash.
Importing this loads no model library; running does.
"""

from __future__ import annotations

from treecore.annotate.kinds import KINDS, get_kind
from treecore.annotate.run import Annotation, annotate
from treecore.annotate.run_file import annotate_file
from treecore.annotate.token_numbers import lacks_numbers, measure_tokens

__all__ = ["KINDS", "Annotation", "annotate", "annotate_file", "get_kind", "lacks_numbers", "measure_tokens"]
