"""Writing the records of a data set to the database.

`movie_load` writes films and trailers, after `movie_matching` has matched them with the catalogue. `rating_merge`
merges ratings into the present table; `rating_table_build` builds a new one for a large first import, and
`rating_table` switches to it. Functions here run inside the transaction of `importing.services`.
"""
