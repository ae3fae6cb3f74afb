-- Takes position reports: each makes its driver available at its place, and gives it to who has waited longest within reach.
-- ARGV: actor, then lng, lat, driver id, and again. Answers why a driver could not be given away, or ''.
local actor = table.remove(ARGV, 1)
local places, seen, drivers = {}, {}, {}
for i = 1, #ARGV, 3 do
  for j = i, i + 2 do places[#places + 1] = ARGV[j] end
  seen[#seen + 1] = NOW
  seen[#seen + 1] = ARGV[i + 2]
  drivers[#drivers + 1] = ARGV[i + 2]
end
redis.call('GEOADD', DRIVERS, unpack(places))
redis.call('ZADD', SEEN, unpack(seen))
redis.call('GEOADD', FRESH, unpack(places))
redis.call('ZREM', STALE, unpack(drivers))
local failed
for i = 1, #ARGV, 3 do
  local lng, lat, driver = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  -- A request that was served before may have had this one.
  if redis.call('ZSCORE', DRIVERS, driver) then failed = match_safely(driver, lng, lat, actor, 'report') or failed end
end
return failed or ''
