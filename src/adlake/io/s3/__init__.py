"""A small client of object stores, for what a lake needs before its first file."""
