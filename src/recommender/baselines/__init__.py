"""Baselines: popularity and biases.

`bias` also predicts the stars of models that only rank. May import `recommender.contract` and `data`. Start with
`popularity`.
"""
