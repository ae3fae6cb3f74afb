-- An operator's hand on a driver. ARGV: 'placed', 'moved' or 'removed', driver id, lng, lat ('' for removed), actor.
-- Answers {'done'}, {'unknown'} where the driver is not on the map (any more), or {'exists'} where one to be placed is.
local act, driver, lng, lat, actor = unpack(ARGV)
local old = redis.call('GEOPOS', DRIVERS, driver)[1]
if act == 'placed' and old then return {'exists'} end
if act ~= 'placed' and not old then return {'unknown'} end

if act == 'removed' then
  lng, lat = old[1], old[2]
  redis.call('ZREM', DRIVERS, driver)
  redis.call('ZREM', SEEN, driver)
else
  redis.call('GEOADD', DRIVERS, lng, lat, driver)
  -- Who is set there by hand is no driver who once fell silent.
  if act == 'placed' then redis.call('ZREM', SEEN, driver) end
end
local from = act == 'moved' and old or {'', ''}
tell(act, {'driver_id', driver, 'actor', actor, 'lat', lat, 'lng', lng, 'from_lat', from[2], 'from_lng', from[1]})
if act ~= 'removed' then match_safely(driver, lng, lat, actor, act) end
return {'done'}
