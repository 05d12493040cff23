"""Programs of the word Schedule, which run inside its image: the standard library of Python 3.9 alone."""
