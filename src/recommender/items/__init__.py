"""Item-based models: EASE and content-based keywords. ``implicit_feedback`` is the base of models that only rank."""
