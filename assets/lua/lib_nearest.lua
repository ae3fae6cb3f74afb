-- Who is nearest. Stands before the scripts that look for drivers.

local FIRST_RADIUS_M = 50  -- where the search begins

-- A driver who never reported was set there by a foreign hand or an operator, and is never stale.
local function is_stale(driver)
  local seen = tonumber(redis.call('ZSCORE', SEEN, driver) or '')
  return seen and seen <= NOW - STALE_MS
end

local function without_stale(drivers)
  if STALE_MS == 0 then return drivers end
  local fresh = {}
  for _, driver in ipairs(drivers) do
    if not is_stale(driver[1]) then fresh[#fresh + 1] = driver end
  end
  return fresh
end

local function within(lng, lat, radius, ...)
  return redis.call('GEOSEARCH', DRIVERS, 'FROMLONLAT', lng, lat, 'BYRADIUS', radius, 'm', ...)
end

-- The nearest drivers to be had, nearest first, at most `count`, each {id, metres}. The circle grows from 50 m until it holds
-- enough: the same answer as one search of the whole circle, without reading everybody in it.
local function nearest(lng, lat, radius_m, count)
  -- Where nobody is near, as around most who wait, one look at the whole circle is all it takes.
  if #within(lng, lat, radius_m, 'COUNT', 1, 'ANY') == 0 then return {} end
  local radius, asked = math.min(FIRST_RADIUS_M, radius_m), count
  while true do
    local found = within(lng, lat, radius, 'ASC', 'COUNT', asked, 'WITHDIST')
    local fresh = without_stale(found)
    if #fresh >= count then return {unpack(fresh, 1, count)} end
    if #found >= asked then
      asked = asked * 4  -- there are more in this circle, behind stale ones
    elseif radius >= radius_m then
      return fresh
    else
      radius = math.min(radius * 2, radius_m)
    end
  end
end
