"""One runnable job per file."""
