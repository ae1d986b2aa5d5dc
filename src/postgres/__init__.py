"""What the apps share in PostgreSQL beyond the ORM: COPY, table switches, locks and reserved ids.

`copy` moves rows between tables and NumPy arrays, files and tuples. `table_switch` builds the next version of a table
beside it and swaps the names, with the parts in `tables`. `locks` wraps advisory locks, and `prefetch` prepares the
next items of an iterator in a thread. Modules here know no model of any app; they may import `recommender` and
`django.db`. Start with `copy.copy_in_arrays` and `table_switch.next_table_switch`.
"""
