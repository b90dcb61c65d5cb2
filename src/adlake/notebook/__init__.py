"""What a notebook needs: the metrics as frames, the tables without a server, numbers for charts."""

from adlake.notebook.lake import Lake
from adlake.notebook.numbers import charted

__all__ = ["Lake", "charted"]
