"""Rollouts written to a file, forest by forest, so that a run that was stopped can be resumed."""
