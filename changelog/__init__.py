"""What users notice of each version."""
