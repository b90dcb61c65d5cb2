"""The law on plain Python values; no Spark, no I/O."""
