"""Sums over Gold by hour (gold.rollup_hourly): what a batch changed is added, nothing is asked."""
