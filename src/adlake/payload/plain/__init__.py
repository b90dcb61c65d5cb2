"""On plain values: the reference form."""
