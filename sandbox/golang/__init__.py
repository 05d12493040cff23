"""Programs that the sandbox builds from Go modules, once for each change of what they are built from."""
