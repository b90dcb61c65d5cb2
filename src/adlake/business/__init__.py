"""Business events: the second topic, and what is admitted of it."""
