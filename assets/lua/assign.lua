-- Gives a request the driver that an operator has chosen, however far away or silent. ARGV: request id, driver id, actor.
-- Answers {'done', metres}, {'absent'} where the driver is not on the map, {'foreign'}, {'damaged'}, or the refusal.
local id, driver, actor = unpack(ARGV)
local refused = refusal_without_record(id)
if refused then return refused end
local record = redis.call('HMGET', record_key(id), 'lat', 'lng')
local lat, lng = record[1], record[2]
if not (is_between(lat, -85.05112878, 85.05112878) and is_between(lng, -180, 180)) then return {'damaged'} end
local at = redis.call('GEOPOS', DRIVERS, driver)[1]
if not at then return {'absent'} end

local metres = string.format('%.4f', metres_between(tonumber(lng), tonumber(lat), tonumber(at[1]), tonumber(at[2])))
DEED = DEED_NAME
if not give(id, actor, driver, metres, 'assigned by hand') then return {'absent'} end
return {'done', metres}
