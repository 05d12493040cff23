"""The real Pulumi CLI, built from its Go module where PATH has none."""
