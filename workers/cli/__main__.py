"""`python -m workers.cli` is `bellwether`."""

from workers.cli import main

main()
