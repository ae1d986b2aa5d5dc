"""Matrix factorisations: SVD in several forms, NSVD, KMF, ALS and the Bayesian factorisation.

``model`` is the biased factor model that most of them return, ``foldin`` fits one user, and ``batch_topk`` selects the
top k for many users. May import `recommender.baselines`, `items.implicit_feedback`, `data` and `kernels`. Start with
``svd``.
"""
