# mypy: ignore-errors
"""`securesystemslib._internal`, which has no file of its own where it comes from."""
