"""Evaluation of algorithms: metrics, comparison, hyper-parameter search, temporal holdout and release gate.

Uses algorithms through ``contract`` and ``algorithms`` alone. Start with ``compare`` or ``temporal_holdout``.
"""
