"""Adapters, named for the product they talk to; the only home of client libraries."""
