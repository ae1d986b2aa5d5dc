"""Neural models: item2vec, and the two towers of neural-cf.

Only the training of neural-cf needs PyTorch; `tower_arrays` evaluates trained towers in NumPy. May import
`recommender.items` and what that may import. Start with `item2vec`.
"""
