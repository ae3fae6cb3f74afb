-- Stands before the scripts of the outbox, which holds what is to be posted to the webhook: OUTBOX has the id of each event
-- with the time of its next try, and beside it stands a hash with its body, its tries, and since when they go on.

local EVENTS, OUTBOX, DEAD = unpack(KEYS)
local MESSAGES = table.remove(ARGV, 1)

local DEAD_KEPT = 10000  -- about so many dead letters are kept

local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)

local function message_key(id) return MESSAGES .. id end

local function drop(id)
  redis.call('ZREM', OUTBOX, id)
  redis.call('DEL', message_key(id))
end
