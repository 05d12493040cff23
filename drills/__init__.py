"""Faults on a deployed platform under a counting writer, and what they did beside what was promised."""
