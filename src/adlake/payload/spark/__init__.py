"""As Spark SQL expressions; shares no code with the plain form."""
