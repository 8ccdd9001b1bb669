"""Requests that are no commands and run once all the same, if they carry an Idempotency-Key."""

from api.caller import Caller
from api.commands import Ask, fingerprint, request_key
from store.once import Once


async def once(request: Ask, caller: Caller) -> Once | None:
    """What the request is known by when it comes again; ``None`` without a key.

    Raises:
        Problem: 400, the key is malformed.
    """
    key = request_key(request, caller)
    return None if key is None else Once(key, await fingerprint(request))
