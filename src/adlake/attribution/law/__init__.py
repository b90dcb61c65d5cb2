"""The attribution law on plain values: the reference form."""
