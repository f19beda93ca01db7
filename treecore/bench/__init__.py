"""Measurements as ratios against a named peer in the same run. Nothing else in the package needs them."""

from __future__ import annotations

from treecore.bench.credit import Sizes, bench_credit

__all__ = ["Sizes", "bench_credit"]
