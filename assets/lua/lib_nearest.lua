-- Who is nearest of the drivers that can be had. Stands before the scripts that look for drivers.

local MOST_PASSED = 64  -- so many are passed over for one request at the least before it is given up

local anybody_stale  -- asked once in a script, for nobody becomes stale by a search

local function is_anybody_stale()
  if anybody_stale == nil then anybody_stale = redis.call('EXISTS', STALE) == 1 end
  return anybody_stale
end

-- How each of these drivers is judged: 'fresh' or 'stale' by its own report, 'unjudged' where another hand has set it there, or
-- 'gone' where it is not on the map.
local function judge(drivers)
  local judged = {}
  if #drivers == 0 then return judged end
  local there, fresh, stale = redis.call('ZMSCORE', DRIVERS, unpack(drivers)), redis.call('ZMSCORE', FRESH, unpack(drivers)),
    redis.call('ZMSCORE', STALE, unpack(drivers))
  for i = 1, #drivers do
    judged[i] = not there[i] and 'gone' or fresh[i] == there[i] and 'fresh' or stale[i] == there[i] and 'stale' or 'unjudged'
  end
  return judged
end

local function ids_of(found)
  local ids = {}
  for i, one in ipairs(found) do ids[i] = one[1] end
  return ids
end

local strikes_off = true  -- a script that only reads turns it off: what it may not do, Redis would note in its ACL LOG

-- The nearest of those whose last report is fresh. Who is not where it reported to be any more, by a foreign hand, comes off
-- that list; where this call may not write, it is passed over, and so many more are looked at.
local function nearest_fresh(lng, lat, radius_m, count)
  local passed = 0
  for _ = 1, MOST_PASSED do
    local asked = count + passed
    local found, here, is_shorter = nearest_of(FRESH, lng, lat, radius_m, asked), {}, false
    passed = 0
    for _, driver in ipairs(found) do
      if is_where_it_reported(FRESH, driver[1]) then
        here[#here + 1] = driver
      elseif not strikes_off or type(redis.pcall('ZREM', FRESH, driver[1])) == 'table' then
        passed = passed + 1
      else
        is_shorter = true
      end
    end
    if #here >= count or (not is_shorter and #found < asked) then return here end
  end
  return {}
end

-- The nearest of those whom no report of ours speaks for: foreign hands and operators have set them there. Those who have a
-- report are passed over; in a crowd of them the search is given up, for its cost must not follow their number.
local function nearest_unjudged(lng, lat, radius_m, count)
  local most = math.max(MOST_PASSED, 4 * count)
  local asked = 4 * count
  while true do
    local found, those = nearest_of(DRIVERS, lng, lat, radius_m, asked), {}
    for i, judged in ipairs(judge(ids_of(found))) do
      if judged == 'unjudged' and #those < count then those[#those + 1] = found[i] end
    end
    if #those >= count or #found < asked or asked >= most then return those end
    asked = math.min(4 * asked, most)
  end
end

-- The nearest drivers to be had, nearest first, at most `count`, each {id, metres}.
local function nearest(lng, lat, radius_m, count)
  if not is_anybody_stale() then return nearest_of(DRIVERS, lng, lat, radius_m, count) end
  local drivers = nearest_fresh(lng, lat, radius_m, count)
  local limit = drivers[count] and math.min(radius_m, drivers[count][2]) or radius_m
  for _, driver in ipairs(nearest_unjudged(lng, lat, limit, count)) do drivers[#drivers + 1] = driver end
  table.sort(drivers, function(a, b) return tonumber(a[2]) < tonumber(b[2]) end)
  return {unpack(drivers, 1, math.min(count, #drivers))}
end

-- How many there are who are stale, counted up to `most`: that is another answer than nobody to one who wonders why none was
-- found. Who is not where it reported to be any more is none of them; so more are read than counted.
local function stale_within(lng, lat, radius_m, most)
  if not is_anybody_stale() then return 0 end
  local count = 0
  for _, judged in ipairs(judge(some_of(STALE, lng, lat, radius_m, 2 * most))) do
    if judged == 'stale' then count = count + 1 end
  end
  return math.min(count, most)
end
