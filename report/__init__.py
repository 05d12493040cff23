"""What a change of the repository does to the stacks, told to those who review it."""
