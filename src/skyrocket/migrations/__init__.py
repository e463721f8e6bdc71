"""Changes of the settings' schema, one file each: how a tree becomes the next form, and back.

A file holds `MIGRATION = Migration(...)` and has a line in `table.py`; the order there is the order
of schemas. Migrations are pure and know models alone: no files, no clocks, no other version's code.
"""
