"""PostgreSQL and Valkey from wheels, for development and tests: `daybook.embedded.stack.stack`.

Standard library only, so that the supervisor starts fast and never depends on what it supervises.
"""
