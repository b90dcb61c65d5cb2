"""The same events through other engines and through ours, held to one law (`make bench-peers`)."""
