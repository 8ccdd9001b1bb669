"""Everything in Postgres that cannot be rebuilt: books and their events, checkpoints, keys.

The promises kept here: an acknowledged command is never lost and runs once; positions within a book
are 1, 2, 3 ... in commit order; versions within a stream likewise. Its tables are migrated.
"""
