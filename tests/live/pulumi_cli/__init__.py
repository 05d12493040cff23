"""The real Pulumi CLI, with the stand-ins for its plugins, on sandbox hosts."""
