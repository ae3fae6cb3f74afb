-- Notes a try that failed. ARGV: event id, tries with that one, ms until the next or '' for none, ms in the outbox after which a
-- message is given up, why it failed.
-- Returns 'waiting', 'dead', or 'gone' if somebody else has delivered it or taken it since, and how many dead letters were
-- trimmed.
local id, tries, wait, give_up, why = unpack(ARGV)
local message = redis.call('HMGET', message_key(id), 'tries', 'since', 'body')
if message[1] ~= tries then return {'gone', 0} end
local last = (tonumber(message[2]) or NOW) + give_up
if wait ~= '' and NOW < last then
  redis.call('HSET', message_key(id), 'error', why)
  redis.call('ZADD', OUTBOX, math.min(NOW + wait, last), id)
  return {'waiting', 0}
end
return {'dead', bury(id, tries, why, message[3])}
