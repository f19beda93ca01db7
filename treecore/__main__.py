"""`python -m treecore` is the command `treecore`."""

from treecore.cli import main

main()
