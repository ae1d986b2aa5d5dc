"""Sample data: a catalogue of real films, a generated crowd that rates them, and a demo user.

``catalogue`` reads the films and ``crowd`` generates ratings from ``archetypes``; neither needs the database.
``services`` write to it, for the commands ``loadsample``, ``createdemouser`` and ``createfakeratings``. May import
``movies``, ``accounts`` and ``postgres``. Start with ``services.sample.sample_load``.
"""
