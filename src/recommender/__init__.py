"""Recommender algorithms over arrays, and their evaluation.

A library of its own: it imports no other package of ours, and no Django, Celery or database. Heavy libraries are
imported by the functions that need them. Start with ``contract`` (what a model offers), ``algorithms`` (name to class)
and ``cli`` (the command line).
"""
