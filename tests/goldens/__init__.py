"""Whole stacks as rendered, committed and reviewed like code. `make golden` writes them again."""
