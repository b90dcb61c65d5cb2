"""The HTTP API: takes events in, says how the lake is."""
