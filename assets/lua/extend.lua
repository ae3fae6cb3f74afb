-- Moves the deadline of a request that searches, a foreign one too. ARGV: request id, by how many ms (negative: to sooner), actor.
-- Answers {'done', the new deadline}, {'endless'} where the key has no TTL, or the refusal.
local id, by, actor = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local refused, has_record = refusal(id)
if refused then return refused end
local left = redis.call('PTTL', request_key(id))
if left < 0 then return {'endless'} end
DEED = DEED_NAME

-- Time is taken back down to a second from now, and what is less already is left as it is.
local kept = math.max(left + by, math.min(left, 1000))
kept = math.min(kept, math.max(left, MOST_LEFT_MS))
local deadline = string.format('%.0f', math.min(NOW + kept, FARTHEST_MS))
local record = has_record
  and redis.call('HMGET', record_key(id), 'user_id', 'lat', 'lng', 'last_attempt_at', 'interval_ms', 'expires_at') or {}
local steps = {}
-- The record first: it is this that Redis refuses while it has no memory left.
if has_record then
  local key = record_key(id)
  steps[1] = {'HSET', key, 'expires_at', deadline, undo = {'HSET', key, 'expires_at', record[6] or ''}}
end
if kept ~= left then
  local key = request_key(id)
  steps[#steps + 1] = {'PEXPIRE', key, string.format('%.0f', kept), undo = {'PEXPIRE', key, string.format('%.0f', left)}}
end
change(steps, function()
  tell('extended', {'request_id', id, 'user_id', record[1] or '', 'actor', actor, 'lat', record[2] or '', 'lng', record[3] or '',
    'by_ms', kept - left, 'expires_at', deadline, 'reason', has_record and '' or 'external request'})
end)
if not has_record then return {'done', deadline} end

-- The next attempt, which the old deadline may have cut short. A list that a foreign hand has spoilt is mended by `attempt.lua`.
local due = tonumber(redis.pcall('ZSCORE', DUE, id))
if not due or due >= NOW + left - DEADLINE_SLACK_MS then
  local last, interval = record[4], record[5]
  local is_known = is_between(last, 0, 1e15) and is_between(interval, 1, 1e12)
  due = is_known and math.max(NOW, last + interval) or NOW
end
redis.pcall('ZADD', DUE, math.min(due, deadline + 1), id)
return {'done', deadline}
