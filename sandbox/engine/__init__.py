"""An embedded engine for the Pulumi program: for evaluation, tests and CI where the Pulumi CLI cannot be had."""
