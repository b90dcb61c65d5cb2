"""Customers: who they are, what they ordered, which messages reached them, and what follows."""
