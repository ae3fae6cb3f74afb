-- An operator's hand on a driver. ARGV: 'placed', 'moved' or 'removed', driver id, lng, lat ('' for removed), actor.
-- Answers {'done', why it could not be given away or ''}, {'unknown'} where the driver is not on the map (any more), or {'exists'} where one to be placed is.
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
end
unjudge(driver)
local from = act == 'moved' and old or {'', ''}
tell(act, {'driver_id', driver, 'actor', actor, 'lat', lat, 'lng', lng, 'from_lat', from[2], 'from_lng', from[1]})
local failed = act ~= 'removed' and match_safely(driver, lng, lat, actor, act)
return {'done', failed or ''}
