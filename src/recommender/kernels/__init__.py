"""Compiled loops over arrays, each with a plain NumPy twin that tests or callers without numba use.

May import NumPy and numba only.
"""
