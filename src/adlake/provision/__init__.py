"""Tables, topics and dimension rows; safe to run twice."""
