"""Data without logic: event schema, tables, topics, reject reasons, law constants."""
