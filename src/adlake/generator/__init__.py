"""Seeded ad traffic that also writes the right answer beside the events."""
