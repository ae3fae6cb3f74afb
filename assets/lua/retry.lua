-- Looks for a driver at once, as an attempt of the schedule does. ARGV: request id, actor.
-- Answers {'found', driver, metres}, {'none'}, {'foreign'}, {'damaged'}, or the refusal.
local id, actor = unpack(ARGV)
local refused = refusal_without_record(id)
if refused then return refused end
local record = redis.call('HMGET', record_key(id), 'user_id', 'lat', 'lng', 'radius_m', 'interval_ms', 'attempts',
  'created_at')
if not is_sound(unpack(record, 1, 7)) then return {'damaged'} end

mend_lists()
-- What the look will write is tried before any event says that it was done: the record, with what stands there, and the schedule.
redis.call('HSET', record_key(id), 'attempts', record[6])
redis.call('ZADD', DUE, 'NX', NOW, id)
DEED = DEED_NAME
-- The event stands before the one that tells what the look has found, and is written together with it: a look that fails while it
-- searches leaves none.
local look_enters, retried = enter, nil
enter = function(kind, fields)
  enter = look_enters
  retried = enter('retried', {'request_id', id, 'user_id', record[1], 'actor', actor, 'lat', record[2], 'lng', record[3]})
  return enter(kind, fields)
end
local _, outcome, driver, metres = unpack(look(id, actor, 'attempt'))
-- It is noted in the record as well.
redis.call('HSET', record_key(id), 'life', life_with(redis.call('HMGET', record_key(id), 'life')[1], retried))
if outcome == 'found' then return {'found', driver, metres} end
return {'none'}
