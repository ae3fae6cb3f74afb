-- Giving a driver who has just appeared or moved to somebody who waits. Stands before the scripts that change drivers.

local MOST_READ = 1000        -- so many who wait are read for one driver at the most
local MOST_READ_IN_ALL = 4000 -- and so many in one script, however many report; the rest is left to the sweep
local PAGE = 100              -- how many of the oldest are read at once
local MOST_LOOKS = 10         -- after so many who could not be given the driver, the rest is left to the sweep

local read_in_all = 0

-- Those of the waiting, given with their distances in metres, whose own radius reaches so far.
local function reached(ids, metres)
  local reach, those = redis.call('ZMSCORE', REACH, unpack(ids)), {}
  for i, id in ipairs(ids) do
    if reach[i] and metres[i] and metres[i] <= tonumber(reach[i]) then those[#those + 1] = id end
  end
  return those
end

-- A page of those who have waited longest, as far as their radius reaches this place.
local function oldest_reached(start, lng, lat)
  local ids = redis.call('ZRANGE', QUEUE, start, start + PAGE - 1)
  if #ids == 0 then return {} end
  read_in_all = read_in_all + #ids
  local metres = {}
  for i, place in ipairs(redis.call('GEOPOS', WAITING, unpack(ids))) do
    metres[i] = place and metres_between(lng, lat, tonumber(place[1]), tonumber(place[2]))
  end
  return reached(ids, metres)
end

-- All whose radius reaches this place, oldest first; where they are very many, some of them.
local function all_reached(lng, lat, farthest)
  local near = redis.call('GEOSEARCH', WAITING, 'FROMLONLAT', lng, lat, 'BYRADIUS', farthest, 'm', 'COUNT', MOST_READ, 'ANY', 'WITHDIST')
  if #near == 0 then return {} end
  read_in_all = read_in_all + #near
  local ids, metres, age = {}, {}, {}
  for i, one in ipairs(near) do ids[i], metres[i] = one[1], tonumber(one[2]) end
  ids = reached(ids, metres)
  if #ids == 0 then return ids end
  for i, score in ipairs(redis.call('ZMSCORE', QUEUE, unpack(ids))) do age[ids[i]] = tonumber(score or NOW) end
  table.sort(ids, function(a, b) return age[a] < age[b] end)
  return ids
end

-- Gives a driver at this place to the one who has waited longest of those whose radius it is in. `why` stands in the event.
-- The cost does not follow the number of those who wait: up to a thousand they are searched by place, and what is found is put in
-- order; with more, the oldest are asked first, since in a city full of riders one of them is near, and then at most a
-- thousand by place.
local function match(driver, lng, lat, actor, why)
  local farthest = redis.call('ZRANGE', REACH, -1, -1, 'WITHSCORES')[2]
  if not farthest or read_in_all >= MOST_READ_IN_ALL then return end
  local at_hand = {driver = driver, lng = lng, lat = lat}
  local looks = 0
  local function try(ids)
    for _, id in ipairs(ids) do
      if looks >= MOST_LOOKS then return true end
      looks = looks + 1
      local answer = look_safely(id, actor, why, at_hand)
      if answer[2] == 'found' and answer[3] == driver then return true end
    end
  end
  if redis.call('ZCARD', WAITING) > MOST_READ then
    local anyone = redis.call('GEOSEARCH', WAITING, 'FROMLONLAT', lng, lat, 'BYRADIUS', farthest, 'm', 'COUNT', 1, 'ANY')
    if #anyone == 0 then return end
    for start = 0, MOST_READ - PAGE, PAGE do
      if try(oldest_reached(start, lng, lat)) then return end
    end
  end
  try(all_reached(lng, lat, farthest))
end

-- The same for a caller whose own work is done, which no odd key on the lists of those who wait may undo: the sweep follows.
-- Answers what went wrong, or nil.
local function match_safely(...)
  local well, why = pcall(match, ...)
  if not well then return type(why) == 'table' and why.err or tostring(why) end
end
