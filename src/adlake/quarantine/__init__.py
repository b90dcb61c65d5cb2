"""Rejected deliveries: shown, corrected, sent again."""
