"""Models that combine other models: `hybrid` and `house`.

Each has an estimator and a model in a file of its own name. May import all families of algorithms. Start with
`house_model`.
"""
