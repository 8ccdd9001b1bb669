"""Print docs/posting-rules.md: ``python -m daybook.posting_rules > docs/posting-rules.md``."""

import sys

from domain.posting.rules import page

if __name__ == "__main__":
    sys.stdout.write(page())
