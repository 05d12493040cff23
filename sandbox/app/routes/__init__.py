"""One module for each thing that clients do."""
