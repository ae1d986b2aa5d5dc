"""Reading data sets in known formats: films, ratings, trailers, and the reasons to leave rows out.

`dataset` defines the records and the base class of all formats. `movielens`, `kaggle` and `trailer_catalogue`
implement it, and `detect_format` chooses among them. `recommender.data` reads the files themselves. Modules here may
import that, `movies.genres` and `importing.errors`, but neither models nor `importing.loading`. Start with
`detect_format.detect_format` and `dataset.Dataset`.
"""
