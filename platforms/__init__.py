"""The two platforms, behind one protocol."""
