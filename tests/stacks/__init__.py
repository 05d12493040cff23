"""Stack files as fixtures. The name of a broken one is its expected fault: `<YAML path>--<words of the rule>.yaml`."""
