-- An operator's hand on a driver. ARGV: 'placed', 'moved' or 'removed', driver id, lng, lat ('' for removed), actor, and the lng
-- and lat at which a driver who is moved is thought to stand, '' where it does not matter.
-- Answers {'done', why it could not be given away or '', the lng and lat before or ''}, {'unknown'} where the driver is not on the
-- map (any more), {'exists'} where one to be placed is, or {'elsewhere', lng, lat, 'reported' or ''} where it stands elsewhere
-- meanwhile, and whether by its own report.
local act, driver, lng, lat, actor, thought_lng, thought_lat = unpack(ARGV)
local NEAR_M = 2  -- places are kept to within 0.6 m
local old = redis.call('GEOPOS', DRIVERS, driver)[1]
if act == 'placed' and old then return {'exists'} end
if act ~= 'placed' and not old then return {'unknown'} end
if thought_lng ~= '' and metres_between(thought_lng, thought_lat, old[1], old[2]) > NEAR_M then
  local reported = is_where_it_reported(FRESH, driver) or is_where_it_reported(STALE, driver)
  return {'elsewhere', old[1], old[2], reported and 'reported' or ''}
end

if act == 'removed' then lng, lat = old[1], old[2] end
local from = act == 'moved' and old or {'', ''}
DEED = DEED_NAME
all_or_nothing(function(undo)
  local score = redis.call('ZSCORE', DRIVERS, driver)
  if act == 'removed' then
    redis.call('ZREM', DRIVERS, driver)
  else
    redis.call('GEOADD', DRIVERS, lng, lat, driver)
  end
  undo[1] = function()
    if old then redis.call('ZADD', DRIVERS, score, driver) else redis.call('ZREM', DRIVERS, driver) end
  end
  tell(act, {'driver_id', driver, 'actor', actor, 'lat', lat, 'lng', lng, 'from_lat', from[2], 'from_lng', from[1]})
end)
DEED = nil
if act == 'removed' then redis.pcall('ZREM', SEEN, driver) end
unjudge(driver)
local failed = act ~= 'removed' and match_safely(driver, lng, lat, actor, act)
return {'done', failed or '', old and old[1] or '', old and old[2] or ''}
