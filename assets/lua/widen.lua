-- Changes how far away a driver may be, and looks for one at once where it may be farther. ARGV: request id, metres, actor,
-- and the metres that it must be before or ''. Answers {'done', the metres before}, {'otherwise', the metres that it is},
-- {'foreign'}, {'damaged'}, or the refusal.
local id, radius, actor, expected = unpack(ARGV)
local refused = refusal_without_record(id)
if refused then return refused end
local record = redis.call('HMGET', record_key(id), 'user_id', 'lat', 'lng', 'radius_m', 'interval_ms', 'attempts', 'created_at')
local user, lat, lng, before = unpack(record, 1, 4)
if not is_sound(unpack(record, 1, 7)) then return {'damaged'} end
if expected ~= '' and tonumber(before) ~= tonumber(expected) then return {'otherwise', before} end
if tonumber(before) == tonumber(radius) then return {'done', before} end

DEED = DEED_NAME
local key = record_key(id)
local failed = change({{'HSET', key, 'radius_m', radius, undo = {'HSET', key, 'radius_m', before}}}, function()
  tell('widened', {'request_id', id, 'user_id', user, 'actor', actor, 'lat', lat, 'lng', lng, 'radius_m', radius,
    'from_radius_m', before})
end)
if failed then return failed end
DEED = nil
pcall(enlist, id, lng, lat, radius, tonumber(record[7]) or NOW)
if tonumber(radius) > tonumber(before) then look_safely(id, actor, 'widened') end
return {'done', before}
