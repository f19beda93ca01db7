"""Rollouts as trainers dump them, a module a trainer."""
