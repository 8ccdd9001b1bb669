"""The program: settings, composition root, command line, embedded servers, process entry points.

The only reader of the environment and the only importer of everything.
"""

__version__ = "0.1.0"
