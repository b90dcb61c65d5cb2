"""The exactly-once engine: topics in, stamped tables out; it knows no business table."""
