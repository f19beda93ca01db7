"""What all registries share: a table of names, parameters from signatures, entry points."""
