"""Copies of stores by the clock, in a repository: what is common to every kind that is not PostgreSQL."""
