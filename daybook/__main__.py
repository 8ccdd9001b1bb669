"""``python -m daybook`` is the same as ``daybook``."""

from daybook.cli import main

main()
