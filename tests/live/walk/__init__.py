"""What the README says of a person's own hosts, typed as it stands there."""
