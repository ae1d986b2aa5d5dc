"""The stages of the pipeline, from `exporting` over `training` and `model_gate` to `promotion` and `suggesting`.

Long services number their steps in the docstring. May import `pipeline`, `movies`, `postgres` and `recommender`, but
neither tasks nor commands. Start with `training.model_train` and `suggesting.suggestion_lists_refresh`.
"""
