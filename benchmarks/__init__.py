"""Benchmarks: ratios in one run, never limits in a test."""
