"""Everything in Postgres that can be rebuilt from the log.

One read model is one file: its table (the version is part of the name), the facts that it handles,
how a batch of events becomes set-based SQL, its queries. Tables are rebuilt, never migrated.
"""
