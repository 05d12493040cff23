"""What the kinds that run Redis or Valkey have in common."""
