"""DataFrame -> DataFrame steps in Spark SQL expressions; no reading, no writing."""
