-- Looks for a driver at once, as an attempt of the schedule does. ARGV: request id, actor.
-- Answers {'found', driver, metres}, {'none'}, {'foreign'}, {'damaged'}, or the refusal.
local id, actor = unpack(ARGV)
local refused = refusal_without_record(id)
if refused then return refused end
local record = redis.call('HMGET', record_key(id), 'user_id', 'lat', 'lng', 'radius_m', 'interval_ms', 'attempts',
  'created_at', 'life')
if not is_sound(unpack(record, 1, 7)) then return {'damaged'} end

mend_lists()
-- That the schedule can be written is known before an event says that anything was done.
redis.call('ZADD', DUE, 'NX', NOW, id)
redis.call('XDEL', EVENTS, '0-1')  -- nor could the event be taken back without this right; no entry has this id
DEED = DEED_NAME
local answer = all_or_nothing(function(undo)
  local event = tell('retried', {'request_id', id, 'user_id', record[1], 'actor', actor, 'lat', record[2], 'lng', record[3]})
  undo[1] = function()
    withdraw(event)
    redis.call('HSET', record_key(id), 'life', record[8] or '')
  end
  return look(id, actor, 'attempt')
end)
local _, outcome, driver, metres = unpack(answer)
if outcome == 'found' then return {'found', driver, metres} end
return {'none'}
