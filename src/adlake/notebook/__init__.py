"""What a notebook needs: the metrics as frames, the tables without a server, numbers for charts."""

from adlake.notebook.charts import draw_by_jupyterlab
from adlake.notebook.lake import Lake
from adlake.notebook.numbers import charted

__all__ = ["Lake", "charted"]

# A notebook that imports the lake need not know how its charts come to the screen.
draw_by_jupyterlab()
