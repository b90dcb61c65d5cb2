"""Sessions, their sources and their errors."""
