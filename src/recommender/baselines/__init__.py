"""Baselines: popularity and biases. ``bias`` also predicts the stars of algorithms that only rank."""
