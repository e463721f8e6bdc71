"""The audit's rules: pure functions from an image to findings, one kind of thing a file."""
