-- Notes a try that failed. ARGV: event id, tries with that one, ms until the next or '' for none, ms after which the last one
-- is, why it failed. Answers 'waiting', 'dead', or 'gone' where somebody else has delivered it or taken it since.
local id, tries, wait, give_up, why = unpack(ARGV)
local message = redis.call('HMGET', message_key(id), 'tries', 'since', 'body')
if message[1] ~= tries then return 'gone' end
local last_try = (tonumber(message[2]) or NOW) + give_up
if wait ~= '' and NOW < last_try then
  redis.call('HSET', message_key(id), 'error', why)
  redis.call('ZADD', OUTBOX, math.min(NOW + wait, last_try), id)
  return 'waiting'
end
redis.call('XADD', DEAD, 'MAXLEN', '~', DEAD_KEPT, '*', 'event_id', id, 'tries', tries, 'error', why, 'body', message[3])
drop(id)
return 'dead'
