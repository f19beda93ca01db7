"""Verifiers: each compares what a model wrote with the expected answers.

Importing this package registers every verifier; a new one is a module and one more line here.
"""

from __future__ import annotations

from treecore.tasks.verifiers import text  # noqa: F401  (registers the verifiers)
from treecore.tasks.verifiers.mathematics import verifier as mathematics_verifier  # noqa: F401  (registers `math`)
from treecore.tasks.verifiers.registry import VERIFIERS, Check, Verifier, get_check, verifier

__all__ = ["VERIFIERS", "Check", "Verifier", "get_check", "verifier"]
