"""``make contract``: the published contract, held against linters, requests and clients."""
