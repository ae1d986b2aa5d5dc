"""Item-based models: EASE and content-based keywords.

`implicit_feedback` is the base of all models that rank by implicit feedback, and `tfidf_vectors` holds the words of
items. May import `recommender.baselines`, `data` and `kernels`. Start with `ease`.
"""
