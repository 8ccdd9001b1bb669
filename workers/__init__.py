"""What happens after the commit: followers of the log, and the sending of webhooks.

Postgres is the only truth. Redis and dramatiq carry hints that make work prompt; losing all of
Redis loses nothing.
"""
