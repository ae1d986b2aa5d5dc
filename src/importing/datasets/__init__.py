"""What data sets in known formats mean for the database: films, ratings, trailers and reasons to leave rows out.

`dataset` defines what every format gives; `movielens`, `kaggle` and `trailer_catalogue` implement it, and
`detect_format` chooses among them. The files themselves are read by `recommender.data`. Modules here may import that,
`movies.genres` and `importing.errors`, but neither models nor `importing.loading`. Start with
`detect_format.detect_format` and `dataset.Dataset`.
"""
