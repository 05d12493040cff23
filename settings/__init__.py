"""Typed settings: what a person chooses, as plain values. Imports nothing else of the project."""
