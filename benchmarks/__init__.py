"""Speed as ratios: what Daybook does against a baseline that is measured in the same run.

``python -m benchmarks`` runs every benchmark on servers of its own; nothing here is in the product.
"""
