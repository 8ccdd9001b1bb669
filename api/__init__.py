"""The HTTP face. It decodes strictly, calls a decision, and answers the entity or a problem.

It may import domain, store and projections; never workers, never a database driver.
"""
