"""Scripts: what must happen on the server in one step, in Lua.

Every script touches keys of one hash slot only and takes the time from the server, never from us.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua text and the name a server knows it by."""

    text: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "sha", digest)


_NOW_MS = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
_NOW_US = "local t = redis.call('TIME') local now = t[1] * 1000000 + t[2]\n"

# A refused write (out of memory, disk full, read-only) is refused at a script's first write, so a
# batch is written whole or not at all. Entry ids are positions; the odd stream that somebody wrote
# to or deleted from by hand has higher ids already and goes on with the server's own.
APPEND = Script("""
local key, after, token, retention = KEYS[1], tonumber(ARGV[1]), ARGV[2], ARGV[3]
local length = redis.call('XLEN', key)
if length > after then
  local later = redis.call('XREVRANGE', key, '+', '-', 'COUNT', length - after)
  local fields = later[#later][2]
  for i = 1, #fields, 2 do
    if fields[i] == 't' and fields[i + 1] == token then
      -- Ours, the reply got lost. The write makes a WAIT behind this script wait for the batch too.
      redis.call('PEXPIRE', key, retention)
      return {1, after + (#ARGV - 3) / 3}
    end
  end
end
if length ~= after then return {0, length} end
for i = 4, #ARGV, 3 do
  length = length + 1
  local entry = {'k', ARGV[i], 'v', ARGV[i + 1], 'd', ARGV[i + 2]}
  if i == 4 then
    entry[7] = 't'
    entry[8] = token
  end
  local made = redis.pcall('XADD', key, string.format('%d-0', length), unpack(entry))
  if type(made) == 'table' and made.err then
    if not string.find(made.err, 'equal or smaller', 1, true) then return made end
    redis.call('XADD', key, '*', unpack(entry))
  end
end
redis.call('PEXPIRE', key, retention)
return {1, length}
""")

# KEYS: an index; ARGV: call, lifetime. NX: a repeated arrival keeps its place.
NOTE_ARRIVAL = Script(
    _NOW_US
    + """
redis.call('ZADD', KEYS[1], 'NX', string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[2] * 1000))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""
)

# The three below: KEYS leases, owners; ARGV call, owner, lease, retention (and limit).
_LEASE = (
    _NOW_MS
    + """
local leases, owners, call, owner = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local function lease()
  redis.call('ZADD', leases, string.format('%.0f', now + ARGV[3]), call)
  redis.call('HSET', owners, call, owner)
  -- Another call's longer lease must not be cut short with the key.
  local life = math.max(ARGV[3] + ARGV[4], redis.call('PTTL', leases))
  redis.call('PEXPIRE', leases, string.format('%.0f', life))
  redis.call('PEXPIRE', owners, string.format('%.0f', life))
  return 1
end
local ends = redis.call('ZSCORE', leases, call)
local mine = redis.call('HGET', owners, call) == owner
"""
)
TAKE_SLOT = Script(
    _LEASE
    + """
if ends and not mine then return 0 end
if not ends and redis.call('ZCARD', leases) >= tonumber(ARGV[5]) then return 0 end
return lease()
"""
)
RENEW = Script(
    _LEASE
    + """
if ends and mine then return lease() end
return 0
"""
)
CLAIM_LAPSED = Script(
    _LEASE
    + """
if ends and tonumber(ends) <= now then return lease() end
return 0
"""
)

FREE_SLOT = Script("""
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
""")

LAPSED = Script(
    _NOW_MS + "return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))"
)

# KEYS: a hash; ARGV: lifetime, then field and value in turn.
REMEMBER = Script("""
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
""")

# KEYS: a history; ARGV: the length at which it was judged. A call that went on meanwhile is kept.
DELETE_UNCHANGED = Script("""
if redis.call('XLEN', KEYS[1]) ~= tonumber(ARGV[1]) then return 0 end
return redis.call('DEL', KEYS[1])
""")
