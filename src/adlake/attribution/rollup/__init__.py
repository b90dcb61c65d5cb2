"""Sums over Gold (by hour, by conversion): what a batch changed is added, nothing is asked."""
