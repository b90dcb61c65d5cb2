"""adlake: an open lakehouse that attributes ad events in real time, exactly once."""

__version__ = "0.1.0"
