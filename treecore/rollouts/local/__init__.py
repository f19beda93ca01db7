"""Rollouts on this computer: in this process, with worker processes beside it for small models."""
