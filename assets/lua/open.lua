-- Opens a request. ARGV: user id ('' for requestor_<id>), lat, lng, radius in m, lifetime in ms, interval in ms, actor.
-- Answers the request's number. A number whose key or record is taken already is passed over, so nobody's key is overwritten.
local user, lat, lng, radius, ttl, interval, actor = unpack(ARGV)
local id
repeat
  id = string.format('%.0f', redis.call('INCR', COUNTER))
until redis.call('EXISTS', request_key(id), record_key(id)) == 0
if user == '' then user = 'requestor_' .. id end

redis.call('SET', request_key(id), '1', 'PX', ttl)
redis.call('HSET', record_key(id), 'user_id', user, 'lat', lat, 'lng', lng, 'radius_m', radius, 'created_at', NOW,
  'expires_at', NOW + ttl, 'interval_ms', interval, 'attempts', 0, 'state', 'searching')
redis.call('ZADD', DUE, NOW, id)
pcall(enlist, id, lng, lat, radius, NOW)  -- who is on the schedule comes onto the lists by an attempt at the latest
tell('opened', {'request_id', id, 'user_id', user, 'actor', actor, 'lat', lat, 'lng', lng,
  'radius_m', radius, 'expires_at', NOW + ttl})
return id
