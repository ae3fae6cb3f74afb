-- Takes position reports: each makes its driver available at its place, and gives it to who has waited longest within reach.
-- ARGV: lng, lat, driver id, and again, and at the end the actor. No driver is among them twice.
-- Answers how many reports were taken, from the first on, and why a driver could not be given away, or ''. The rest is to be
-- sent again: where nobody waits a report takes a few microseconds, but each may end a request, and Redis is not to be held for
-- long.
local TAKEN_WHILE_SOMEBODY_WAITS = 50
local actor = table.remove(ARGV)
local now = string.format('%.0f', NOW)
local somebody_waits = redis.call('EXISTS', REACH) == 1
local count = #ARGV / 3
if somebody_waits then count = math.min(count, TAKEN_WHILE_SOMEBODY_WAITS) end

local seen = {}
for i = 1, count do
  seen[2 * i - 1] = now
  seen[2 * i] = ARGV[3 * i]
end
-- The map last: only there a driver can be had.
redis.call('ZADD', SEEN, unpack(seen))
redis.call('GEOADD', FRESH, unpack(ARGV, 1, 3 * count))
if redis.call('EXISTS', STALE) == 1 then
  local drivers = {}
  for i = 1, count do drivers[i] = ARGV[3 * i] end
  redis.call('ZREM', STALE, unpack(drivers))
end
redis.call('GEOADD', DRIVERS, unpack(ARGV, 1, 3 * count))
if not somebody_waits then return {count, ''} end

local failed
for i = 1, 3 * count, 3 do
  local lng, lat, driver = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  -- A request that was served before may have had this one.
  if redis.call('ZSCORE', DRIVERS, driver) then failed = match_safely(driver, lng, lat, actor, 'report') or failed end
end
return {count, failed or ''}
