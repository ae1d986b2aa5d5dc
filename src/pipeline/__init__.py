"""What machines do: exports, training, the release gate, promotion and the suggestion lists of all users.

`services` implement the stages; `management` and `tasks` call one service each. `snapshot` reads exports,
`parallel_export` writes them, `suggestion_table` replaces all lists, and `stage_locks` lets a stage run once at a time.
May import `movies` and all that it may import. Start with `tasks.run_nightly_pipeline` and
`services.training.model_train`.
"""
