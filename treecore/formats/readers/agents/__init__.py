"""Trajectories of agents, a file a rollout, whose outcomes stand in files beside them."""
