"""Ask whether a model judges a text differently for whom it is about: the same text, with other people in it.

Start at `probe`; what counts as too much stands in `shifts`.
"""
