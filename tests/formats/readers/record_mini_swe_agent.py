"""Write the trajectories of `data/mini_swe_agent-2.4.6` with mini-swe-agent 2.4.6 and its deterministic models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from minisweagent.agents.default import DefaultAgent
from minisweagent.environments.local import LocalEnvironment
from minisweagent.models import test_models as models

DATA = Path(__file__).parent / "data" / "mini_swe_agent-2.4.6"
LOOK = "echo 12"


def submit(answer: str) -> str:
    """The command that ends a run."""
    return f"echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && echo {answer}"


def action(number: int, command: str) -> dict[str, str]:
    return {"command": command, "tool_call_id": f"call_{number}"}


def calling(number: int, said: str | None, command: str) -> dict[str, Any]:
    """A message with one tool call."""
    function = {"name": "bash", "arguments": json.dumps({"command": command})}
    call = {"id": f"call_{number}", "type": "function", "function": function}
    return models.make_toolcall_output(said, [call], [action(number, command)])


def record(instance: str, model: Any, **limits: Any) -> None:
    """Run one instance and write its trajectory."""
    agent = DefaultAgent(
        model,
        LocalEnvironment(cwd="/usr/lib/python3"),
        system_template="You fix things.",
        instance_template="Please solve: {{task}}",
        **limits,
    )
    agent.run("What is 3*4?")
    agent.save(DATA / instance / f"{instance}.traj.json", {"instance_id": instance})


if __name__ == "__main__":
    both = [calling(1, None, LOOK), calling(2, "Done.", submit("12"))]
    record("sum__a-1", models.DeterministicToolcallModel(outputs=both))
    look = models.make_output(f"Let me look.\n\n```bash\n{LOOK}\n```", [{"command": LOOK}])
    again = models.make_output("Again.", [{"command": "echo 13"}])
    record("sum__a-2", models.DeterministicModel(outputs=[look, again] * 3), step_limit=3)
    first = models.make_response_api_output("Look.", [action(1, LOOK)])
    last = models.make_response_api_output(None, [action(2, submit("13"))])
    record("sum__a-3", models.DeterministicResponseAPIToolcallModel(outputs=[first, last]))
