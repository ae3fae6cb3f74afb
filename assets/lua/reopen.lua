-- Takes a cancel back: the only way back from an end. ARGV: request id, actor.
-- It is open only while the key still says cancelled, and gives the request back the time that it had left.
-- Answers {'done', the new deadline}, {'searching'} where there is no end, {'late'} where the key is gone, {'endless'} where there
-- was no deadline, {'foreign'}, or the refusal.
local id, actor = unpack(ARGV)
local refused, has_record = refusal(id)
if not has_record then return refused and refused[1] == 'unknown' and refused or {'foreign'} end
if not refused then return {'searching'} end
if refused[2] ~= 'cancelled' then return refused end
if key_says(id) ~= 'cancelled' then return {'late'} end
local record = redis.call('HMGET', record_key(id), 'user_id', 'lat', 'lng', 'radius_m', 'created_at', 'expires_at', 'ended_at',
  'ended_by', 'end_event', 'life')
local expires_at, ended_at = record[6], record[7]
if not (is_between(expires_at, 0, 1e15) and is_between(ended_at, 0, 1e15)) then return {'endless'} end

local left = math.floor(math.min(math.max(expires_at - ended_at, 1000), MOST_LEFT_MS))
local deadline = NOW + left
local request, key = request_key(id), record_key(id)
local cancelled_left, record_left = redis.call('PTTL', request), redis.call('PTTL', key)
DEED = DEED_NAME
change({
  {'SET', request, '1', 'PX', left, undo = {'SET', request, '0', 'PX', cancelled_left > 0 and cancelled_left or CANCELLED_KEPT_MS}},
  {'HSET', key, 'state', 'searching', 'expires_at', deadline, undo = {'HSET', key, 'state', 'cancelled', 'expires_at', expires_at}},
  {'HDEL', key, 'ended_at', 'ended_by', 'end_event',
    undo = {'HSET', key, 'ended_at', ended_at, 'ended_by', record[8] or '', 'end_event', record[9] or ''}},
  {'PERSIST', key, undo = {'PEXPIRE', key, record_left > 0 and record_left or RECORD_KEPT_MS}},
}, function()
  enter('reopened', {'request_id', id, 'user_id', record[1] or '', 'actor', actor, 'lat', record[2] or '', 'lng', record[3] or '',
    'expires_at', deadline}, id, function(event)
    -- Who comes late to hear of the end knows by the event which ends were before it, and are none any more.
    return {'reopened', event, 'life', life_with(record[10], event)}
  end)
end)
redis.pcall('ZADD', DUE, NOW, id)
pcall(enlist, id, record[3], record[2], record[4], tonumber(record[5]) or NOW)
return {'done', string.format('%.0f', deadline)}
