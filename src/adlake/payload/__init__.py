"""Reading payloads strictly: JSON, ids, times and money, for every topic."""
