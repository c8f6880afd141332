"""What builds the tree: Python interpreters, compilers and other tools of the machine."""
