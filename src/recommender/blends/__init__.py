"""Models made of other models: ``hybrid`` and ``house``. May import all families of algorithms."""
