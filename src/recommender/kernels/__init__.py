"""Compiled loops over arrays, each with a plain NumPy twin that tests or callers without numba use.

May import NumPy, numba, `arrays` and the array containers of `data`. Start with ``sgd`` and ``topk``.
"""
