"""Recommender algorithms over arrays, and their evaluation.

A library that imports no other package of the project, and no Django, Celery or database driver. Functions import the
heavy libraries that they need. Start with ``contract`` (what a model offers), ``algorithms`` (name to class) and
``cli`` (the command line).
"""
