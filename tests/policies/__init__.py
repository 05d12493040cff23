"""The policy pack's rules: fixed cases for each, and every golden stack."""
