"""Ways to tell people and programs of an incident; nothing here says an address, it is a secret."""
