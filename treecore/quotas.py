"""How much visitors may take of the explorer's server: numbers that its operator sets in the environment."""

from __future__ import annotations

from typing import NamedTuple

from treecore.errors import FormatError
from treecore.formats.limits import limit


class Quota(NamedTuple):
    """A positive whole number that the operator may set.

    Attributes:
        variable: of the environment.
        default: where that is not set.
        meaning: what there is at most so many of, a clause.
        option: of `treecore app`; "" for none.
    """

    variable: str
    default: int
    meaning: str
    option: str = ""

    @property
    def most(self) -> int:
        """What holds now.

        Raises:
            FormatError: it is set to something that is no positive whole number.
        """
        return limit(self.variable, self.default)


TRAJECTORIES = Quota("TREECORE_PUBLIC_TRAJECTORIES", 512, "trajectories of a public run", "--max-trajectories")
TOKENS = Quota("TREECORE_PUBLIC_TOKENS", 200_000, "tokens that a public run draws or reads", "--max-tokens")
SECONDS = Quota("TREECORE_PUBLIC_SECONDS", 120, "seconds that a public run takes", "--max-seconds")
RUNS = Quota("TREECORE_PUBLIC_RUNS", 4, "runs of one visitor that are not over", "--max-runs")
WAITING = Quota("TREECORE_WAITING_RUNS", 64, "runs that wait, of all visitors")
VISITOR_BYTES = Quota(
    "TREECORE_VISITOR_BYTES",
    1_000_000_000,
    "bytes of files, tables, merged and changed trees, and exports of one visitor",
    "--max-bytes",
)
OPEN_BYTES = Quota("TREECORE_OPEN_BYTES", 4_000_000_000, "bytes of all that is open at a time")
INDEX_BYTES = Quota("TREECORE_INDEX_BYTES", 4_000_000_000, "bytes of indexes of libraries, before another is refused")
KEPT_BYTES = Quota("TREECORE_KEPT_BYTES", 512 << 20, "bytes of runs kept on the disk")
KEPT_RUNS = Quota("TREECORE_KEPT_RUNS", 1000, "runs kept on the disk")
KEPT_DAYS = Quota("TREECORE_KEPT_DAYS", 7, "days for which a run is kept on the disk")
ALL = (
    *(TRAJECTORIES, TOKENS, SECONDS, RUNS, WAITING),
    *(VISITOR_BYTES, OPEN_BYTES, INDEX_BYTES),
    *(KEPT_BYTES, KEPT_RUNS, KEPT_DAYS),
)


def refused() -> str:
    """Why what the operator set is no number, one sentence; "" where all are."""
    try:
        for quota in ALL:
            _ = quota.most
    except FormatError as error:
        return str(error)
    return ""
