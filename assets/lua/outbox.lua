-- Stands before the scripts of the outbox, which holds what is to be posted to the webhook: OUTBOX has the id of each event
-- with the time of its next try, and beside it stands a hash with its body, its tries, and since when it waits there.
-- SINCE has the same ids by since when they wait, so that what is past its time is found whenever its next try would be.
-- COUNTS is a hash for the doctor and the metrics: the bound of the outbox, and how many dead letters were trimmed.

local ENDS_STREAM, OUTBOX, DEAD, COUNTS = unpack(KEYS)
local MESSAGES = table.remove(ARGV, 1)

local SINCE = MESSAGES .. 'since'

local DEAD_KEPT = 10000  -- about so many dead letters are kept

local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)

local function message_key(id) return MESSAGES .. id end

local function drop(id)
  redis.call('ZREM', OUTBOX, id)
  redis.call('ZREM', SINCE, id)
  redis.call('DEL', message_key(id))
end

-- Moves a message to the dead letters: all of it or nothing. Returns how many older ones were trimmed for it; they are counted.
local function bury(id, tries, why, body)
  local score, before = redis.call('ZSCORE', OUTBOX, id), redis.call('XLEN', DEAD)
  if redis.call('ZREM', OUTBOX, id) ~= 1 then return 0 end
  local added = redis.pcall('XADD', DEAD, 'MAXLEN', '~', DEAD_KEPT, '*', 'event_id', id, 'tries', tries, 'error', why, 'body', body)
  if added.err then
    redis.call('ZADD', OUTBOX, score, id)
    raise(added)
  end
  redis.pcall('ZREM', SINCE, id)
  redis.pcall('DEL', message_key(id))
  local trimmed = before + 1 - redis.call('XLEN', DEAD)
  if trimmed > 0 then
    redis.pcall('HINCRBY', COUNTS, 'lost_dead', trimmed)
    redis.pcall('HSET', COUNTS, 'lost_dead_at', time[1])
  end
  return trimmed
end
