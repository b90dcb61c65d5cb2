"""Routes by subject; each file has one router."""
