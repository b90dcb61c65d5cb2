"""The attribution law as Spark SQL expressions; shares no code with the reference form."""
