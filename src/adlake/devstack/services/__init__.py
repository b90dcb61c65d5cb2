"""One file for each service of the native runtime."""
