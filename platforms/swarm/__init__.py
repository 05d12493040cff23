"""Renders the neutral words on Docker Swarm."""
