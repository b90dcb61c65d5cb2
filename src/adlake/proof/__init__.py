"""What proves the lake: verify, wait, explain, the audit of producers."""
