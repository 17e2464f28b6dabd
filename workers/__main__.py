"""`python -m workers`: the command `bellwether`, for whoever starts it without its script."""

from workers.cli import main

if __name__ == "__main__":
    main()
