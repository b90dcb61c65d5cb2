"""The HTTP API of events, seen by who posts to it."""
