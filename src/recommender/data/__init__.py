"""Ratings, catalogues and the readers of the files that they come in.

`ratings`, `vocabulary`, `rows` and `catalogue` hold data as arrays; `splits` and `synthetic` make data sets for tests.
The tolerant readers (delimiters, encodings, archives, numbers, dates, Python literals, titles) serve both the command
line and the import: `tables` and `text_dialect` read rows of any kind, `movielens_files` and `kaggle_files` one format
each. They raise DataError or report bad rows as plain values, and know nothing of Django or the database. Modules here
import `recommender.arrays`, `config` and `errors`; only `synthetic` also uses kernels. Start with
`files.read_ratings_file` and `ratings.Ratings`.
"""
