"""What a newcomer does with the Pulumi CLI, and reads."""
