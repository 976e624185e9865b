"""The cases of memory.py."""
