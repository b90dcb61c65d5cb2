"""Topics and records, read and written by the plain client."""
