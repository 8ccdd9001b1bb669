"""The rules of invoicing, and nothing else.

PURE: facts, state, decisions. No I/O, no clock, no ids, no random numbers: whoever calls a decision
hands these in. Each aggregate is one file, always in the same order: state, decisions, evolve.
"""
