"""Measurements of the whole: what `scripts/bench` runs, one room a thing that is measured.

Everything is done as a user would do it, through `./skyrocket`; only the yardstick, which is no
node of ours, is made here. Nothing in `src` knows of this package.
"""
