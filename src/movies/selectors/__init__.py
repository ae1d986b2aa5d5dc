"""Reading what pages show, in a fixed number of queries; selectors change nothing.

May import `movies.models`. Start with `home_page.home_page` and `movie_page.movie_page`.
"""
