"""Files of other tools, a module a family. Importing this registers them; formats are tried in this order.

The most telling come first: those that are recognised by many fields, then those of few.
"""

from __future__ import annotations

# isort: off
from treecore.formats.readers.inspect_ai import reader as inspect_ai  # noqa: F401
from treecore.formats.readers.agents import atif, mini_swe_agent, swe_agent  # noqa: F401
from treecore.formats.readers.verifiers import traces as verifiers_traces, results as verifiers_results, token_exports  # noqa: F401
from treecore.formats.readers import training_rows  # noqa: F401
from treecore.formats.readers import verl  # noqa: F401
from treecore.formats.readers.trainers import agent_lightning, areal, art, nemo_gym, nemo_rl, rllm, skyrl, tinker  # noqa: F401
from treecore.formats.readers.traces import trackio, sessions, weave, otel  # noqa: F401
from treecore.formats.readers import step_labels  # noqa: F401
from treecore.formats.readers import lm_eval, ms_swift, trl, stepwise  # noqa: F401
from treecore.formats.readers import generations, preferences, chat_rows  # noqa: F401
from treecore.formats.readers.trees import treetune, openr, tree_log, treerl, tree_grpo  # noqa: F401
from treecore.formats.readers.trees import landscape, loom, graphml, networkx  # noqa: F401
