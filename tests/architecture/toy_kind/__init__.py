"""A kind of component that only a test has: the files of its folder."""
