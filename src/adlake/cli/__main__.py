"""`python -m adlake.cli`."""

from adlake.cli import main

main()
