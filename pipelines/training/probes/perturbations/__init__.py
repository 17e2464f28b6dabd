"""Ways to change a text that leave its labels right: a small file each, gathered by `registry`."""
