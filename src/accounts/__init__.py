"""Users: people who log in, and the crowd, whose ratings train the model and who cannot log in.

`models` defines the user and `services.crowd` creates crowd users in large numbers, for imports, sample data and the
command `createfakeusers`. May import `postgres` and `recommender`. Start with `models.User`.
"""
