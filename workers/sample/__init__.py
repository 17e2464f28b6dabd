"""The shipped sample of real texts, and the script that made it; README.md tells their origin."""
