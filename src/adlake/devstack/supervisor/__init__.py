"""Processes: known without a clock, started again when they end."""
