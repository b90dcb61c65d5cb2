"""Prometheus: the only importers of its client library."""
