"""Skyrocket: a Linux operating system for hosting containers, written in Python."""
