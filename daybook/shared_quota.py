"""Quotas of keys in Redis, shared by all processes. Without Redis each process keeps its own."""

import asyncio
import logging
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.quota import Granted, InProcess, Policy

# The algorithm of api.quota.gcra, by the clock of Redis: one round trip, atomic. Times are in
# microseconds, as whole numbers, so that adding them up loses nothing.
_GCRA = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local want, quota, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local interval = window / quota
local whole_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local room = math.floor((window - (whole_at - now)) / interval + 0.000001)
local count = math.max(0, math.min(want, room))
if count > 0 then
  whole_at = whole_at + count * interval
  redis.call('SET', KEYS[1], string.format('%.0f', whole_at), 'PX',
             math.ceil((whole_at - now) / 1000) + 1000)
end
local retry = 0
if count == 0 then retry = math.max(0, whole_at + interval - window - now) end
return {count, math.max(0, room - count), math.ceil(whole_at - now), math.ceil(retry)}
"""

_PATIENCE = 0.1
_REST_SECONDS = 5.0
_MICROSECONDS = 1_000_000

logger = logging.getLogger(__name__)


class Shared:
    """Keeps the quotas in Redis. When that does not answer, the process counts alone for a while.

    A limit that is a little too generous for some seconds does less harm than an API that is down.
    """

    def __init__(self, policy: Policy, redis: Redis) -> None:
        self._policy = policy
        self._script = redis.register_script(_GCRA)
        self._alone = InProcess(policy, time.monotonic)
        self._alone_until = 0.0

    async def grant(self, key_id: str, want: int) -> Granted:
        """See ``api.quota.Grantor``."""
        if time.monotonic() >= self._alone_until:
            try:
                async with asyncio.timeout(_PATIENCE):
                    return await self._ask(key_id, want)
            except (RedisError, OSError):  # a timeout is an OSError
                logger.warning("Redis does not answer; quotas of keys are counted per process")
                self._alone_until = time.monotonic() + _REST_SECONDS
        return await self._alone.grant(key_id, want)

    async def _ask(self, key_id: str, want: int) -> Granted:
        window = round(self._policy.window * _MICROSECONDS)
        count, remaining, reset, retry_after = await self._script(
            keys=[f"daybook:quota:{key_id}"], args=[want, self._policy.quota, window]
        )
        return Granted(count, remaining, reset / _MICROSECONDS, retry_after / _MICROSECONDS)
