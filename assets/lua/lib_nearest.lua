-- Who is nearest. Stands before the scripts that look for drivers.

local FIRST_RADIUS_M = 50  -- where the search begins
local MOST_PASSED = 64     -- so many are passed over for one request at the least before it is given up

local EARTH_M = 6372797.560856  -- the earth's radius as Redis has it

local function metres_between(lng_a, lat_a, lng_b, lat_b)
  local rad = math.rad
  local u = math.sin((rad(lat_b) - rad(lat_a)) / 2)
  local v = math.sin((rad(lng_b) - rad(lng_a)) / 2)
  return 2 * EARTH_M * math.asin(math.min(1, math.sqrt(u * u + math.cos(rad(lat_a)) * math.cos(rad(lat_b)) * v * v)))
end

local function within(set, lng, lat, radius, ...)
  return redis.call('GEOSEARCH', set, 'FROMLONLAT', lng, lat, 'BYRADIUS', radius, 'm', ...)
end

-- At most `count` of a set, from a circle that grows from 50 m until it holds so many. With 'ASC' they are the nearest: the same
-- answer as one search of the whole circle. One look at a great circle, for one driver even, reads thousands who are near it
-- in a large fleet.
local function grown(set, lng, lat, radius_m, count, ...)
  local radius = math.min(FIRST_RADIUS_M, radius_m)
  while true do
    local found = within(set, lng, lat, radius, 'COUNT', count, ...)
    if #found >= count or radius >= radius_m then return found end
    -- Around most who wait there is nobody: then it grows faster.
    radius = math.min(radius * (#found == 0 and 4 or 2), radius_m)
  end
end

-- The nearest of a set, nearest first, at most `count`, each {id, metres}.
local function nearest_of(set, lng, lat, radius_m, count)
  return grown(set, lng, lat, radius_m, count, 'ASC', 'WITHDIST')
end

-- The nearest of those whose last report is fresh. Who is not where it reported to be any more, by a foreign hand, comes off
-- that list; where this caller may not write, it is passed over.
local function nearest_fresh(lng, lat, radius_m, count)
  for _ = 1, MOST_PASSED do
    local found, gone = nearest_of(FRESH, lng, lat, radius_m, count), 0
    for _, driver in ipairs(found) do
      if not is_where_it_reported(FRESH, driver[1]) then
        redis.pcall('ZREM', FRESH, driver[1])
        gone = gone + 1
      end
    end
    if gone == 0 then return found end
  end
  return {}
end

-- The nearest of those whom no report of ours speaks for: foreign hands and operators have set them there. Those who are stale
-- are passed over; in a crowd of them the search is given up, for its cost must not follow their number.
local function nearest_unjudged(lng, lat, radius_m, count)
  local radius, most = math.min(FIRST_RADIUS_M, radius_m), math.max(MOST_PASSED, 4 * count)
  while true do
    local found, those = within(DRIVERS, lng, lat, radius, 'COUNT', most, 'ANY', 'WITHDIST'), {}
    for _, driver in ipairs(found) do
      local judged = is_where_it_reported(STALE, driver[1]) or is_where_it_reported(FRESH, driver[1])
      if not judged then those[#those + 1] = driver end
    end
    if #those >= count or #found >= most or radius >= radius_m then return those end
    radius = math.min(radius * 2, radius_m)
  end
end

-- The nearest drivers to be had, nearest first, at most `count`, each {id, metres}.
local function nearest(lng, lat, radius_m, count)
  if redis.call('EXISTS', STALE) == 0 then return nearest_of(DRIVERS, lng, lat, radius_m, count) end
  local drivers = nearest_fresh(lng, lat, radius_m, count)
  local limit = drivers[count] and math.min(radius_m, drivers[count][2]) or radius_m
  for _, driver in ipairs(nearest_unjudged(lng, lat, limit, count)) do drivers[#drivers + 1] = driver end
  table.sort(drivers, function(a, b) return tonumber(a[2]) < tonumber(b[2]) end)
  return {unpack(drivers, 1, math.min(count, #drivers))}
end

-- How many there are who are stale, counted up to `most`: that is another answer than nobody to one who wonders why none was
-- found. Who is not where it reported to be any more is none of them; so more are read than counted.
local function stale_within(lng, lat, radius_m, most)
  local those = grown(STALE, lng, lat, radius_m, 2 * most, 'ANY')
  if #those == 0 then return 0 end
  local noted, there, count = redis.call('ZMSCORE', STALE, unpack(those)), redis.call('ZMSCORE', DRIVERS, unpack(those)), 0
  for i = 1, #those do
    if noted[i] == there[i] then count = count + 1 end
  end
  return math.min(count, most)
end
