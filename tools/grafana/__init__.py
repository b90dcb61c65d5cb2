"""Grafana as code: dashboards and rules in Python, written to the folder `grafana/`."""
