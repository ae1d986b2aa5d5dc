"""Importing data sets: films, ratings and trailers from files into the database.

`datasets` turns files into records, `loading` writes records to the database, `import_report` counts the rows and
collects those that were left out, and `services` runs both in one transaction for the command `importdataset`. May
import `movies`, `accounts`, `postgres` and `recommender`. Start with `services.dataset_import`.
"""
