"""The native runtime: one file per service (install, start, ready check, stop)."""
