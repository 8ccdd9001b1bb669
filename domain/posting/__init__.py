"""Posting: the one command with strict rules. Every broken rule is said at once, under its code.

``decision`` posts, or previews what posting would do; ``rules`` is the table of all rules;
``case`` is what they look at. The rules stand by what they are about: ``parties``, ``header``,
``lines``, ``goods``, ``taxes`` and ``limits``.
"""

from domain.posting.case import ON_ACCOUNT, Asked
from domain.posting.decision import Preview, post, preview
from domain.posting.rules import RULES, Rule

__all__ = ["ON_ACCOUNT", "RULES", "Asked", "Preview", "Rule", "post", "preview"]
