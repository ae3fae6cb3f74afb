-- Opens requests. ARGV: user id ('' for requestor_<id>), lat, lng, radius in m, lifetime in ms, interval in ms and the hash of its
-- ticket ('' for none) of each, and at the end the actor. Answers for each {its number}, or {'', why} where Redis refused something: that is its own affair alone.
-- A number whose key or record is taken already is passed over, so nobody's key is overwritten.
local actor = table.remove(ARGV)
DEED = DEED_NAME
local now = string.format('%.0f', NOW)

-- What can fail comes first, so that a request is there as a whole or not at all: Redis does not take back what was done before.
-- A number on the schedule behind which there is none is struck off by the next attempt.
local function open(user, lat, lng, radius, ttl, interval, ticket)
  local id
  repeat
    id = string.format('%.0f', redis.call('INCR', COUNTER))
  until redis.call('EXISTS', request_key(id), record_key(id)) == 0
  if user == '' then user = 'requestor_' .. id end
  local expires_at = string.format('%.0f', NOW + ttl)

  redis.call('ZADD', DUE, now, id)
  local event = tell('opened', {'request_id', id, 'user_id', user, 'actor', actor, 'lat', lat, 'lng', lng,
    'radius_m', radius, 'expires_at', expires_at})
  redis.call('SET', request_key(id), '1', 'PX', ttl)
  redis.call('HSET', record_key(id), 'user_id', user, 'lat', lat, 'lng', lng, 'radius_m', radius, 'created_at', now,
    'expires_at', expires_at, 'interval_ms', interval, 'attempts', '0', 'state', 'searching', 'life', event,
    unpack(ticket ~= '' and {'ticket_sha256', ticket} or {}))
  pcall(enlist, id, lng, lat, radius, NOW)  -- who is on the schedule comes onto the lists by an attempt at the latest
  return id
end

local answers = {}
for i = 1, #ARGV, 7 do
  local well, answer = pcall(open, unpack(ARGV, i, i + 6))
  answers[#answers + 1] = well and {answer} or {'', type(answer) == 'table' and answer.err or tostring(answer)}
end
return answers
