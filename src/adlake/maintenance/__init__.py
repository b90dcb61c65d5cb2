"""Maintenance of the lake: small files, old snapshots, the batch counts."""
