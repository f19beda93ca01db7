"""Monte Carlo tree search as in AlphaLLM: importance-weighted branching, options unlike their siblings, fast rollouts.

`rules` has the published equations, `places` the search's tree, `critics` who may judge, `search` the loop; `sampler`
registers it.
"""

from __future__ import annotations

from treecore.samplers.mcts.critics import CRITICS, Critic, Judge, register_critic
from treecore.samplers.mcts.sampler import mcts

__all__ = ["CRITICS", "Critic", "Judge", "mcts", "register_critic"]
