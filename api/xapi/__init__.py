"""The External API (XAPI): a thin face, for systems that speak it, over the same decisions.

``rows``, ``line_rows``, ``part_rows`` and ``invoice_rows`` are the mapping, one class for each
object; ``building`` goes from a row to the domain, ``adding`` and ``single`` decide, ``objects``
lists the fifteen objects, ``routes`` serves them. ``tokens``, ``session`` and ``login`` are its way
of logging in, ``envelope`` is its form of answers.
"""
