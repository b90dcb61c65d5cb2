"""Generated parts of the pages in docs/: each module makes one page's tables and pictures."""
