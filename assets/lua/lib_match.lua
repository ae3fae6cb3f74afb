-- Giving a driver who has just appeared or moved to somebody who waits. Stands before the scripts that change drivers.

local MOST_READ = 1000        -- so many who wait are read for one driver at the most
local MOST_READ_IN_ALL = 4000 -- and so many in one script, however many report; the rest is left to the sweep
local FIRST_PAGE = 10         -- how many of the oldest are read at first, and then twice as many each time
local MOST_LOOKS = 10         -- after so many who could not be given the driver, the rest is left to the sweep

local read_in_all = 0
local farthest  -- the largest radius of those who wait, read once: a match only makes it smaller

-- Those of the waiting, given with their distances in metres, whose own radius reaches so far.
local function reached(ids, metres)
  if #ids == 0 then return {} end
  local reach, those = redis.call('ZMSCORE', REACH, unpack(ids)), {}
  for i, id in ipairs(ids) do
    if reach[i] and metres[i] and metres[i] <= tonumber(reach[i]) then those[#those + 1] = id end
  end
  return those
end

-- A page of those who have waited longest, as far as they are in these cells and their radius reaches this place; and whether
-- it was the last.
local function oldest_reached(start, size, cells, lng, lat)
  local page = redis.call('ZRANGE', QUEUE, start, start + size - 1)
  if #page == 0 then return {}, true end
  read_in_all = read_in_all + #page
  local ids, metres = {}, {}
  for i, score in ipairs(redis.call('ZMSCORE', WAITING, unpack(page))) do
    score = tonumber(score or '')
    for _, cell in ipairs(cells) do
      -- Most are elsewhere, and how far away need not be reckoned.
      if score and score >= cell.first and score < cell.first + cell.size then
        ids[#ids + 1], metres[#metres + 1] = page[i], metres_between(lng, lat, place_of(score))
      end
    end
  end
  return reached(ids, metres), #page < size
end

-- All whose radius reaches this place, oldest first; where they are very many, some of them.
local function all_reached(lng, lat)
  local near = redis.call('GEOSEARCH', WAITING, 'FROMLONLAT', lng, lat, 'BYRADIUS', farthest, 'm', 'COUNT', MOST_READ, 'ANY', 'WITHDIST')
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
-- The cost does not follow the number of those who wait. Most often there is nobody within reach, which is known at once. A few
-- are searched by place, and what is found is put in order; in a crowd the oldest are asked first, since one of them is near,
-- and then at most a thousand by place.
local function match(driver, lng, lat, actor, why)
  farthest = farthest or tonumber(redis.call('ZRANGE', REACH, -1, -1, 'WITHSCORES')[2] or 0)
  if farthest <= 0 or read_in_all >= MOST_READ_IN_ALL then return end
  lng, lat = tonumber(lng), tonumber(lat)
  local cells = cells_of(lng, lat, farthest)
  local holds = count_in(WAITING, cells, CROWD)
  if holds == 0 then return end
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
  if holds > CROWD then
    if #some_in_cells(WAITING, cells, lng, lat, farthest, 1) == 0 then return end
    local start, size = 0, FIRST_PAGE
    while start < MOST_READ do
      local ids, was_last = oldest_reached(start, math.min(size, MOST_READ - start), cells, lng, lat)
      if try(ids) or was_last then return end
      start, size = start + size, 2 * size
    end
  end
  try(all_reached(lng, lat))
end

-- The same for a caller whose own work is done, which no odd key on the lists of those who wait may undo: the sweep follows.
-- Answers what went wrong, or nil.
local function match_safely(...)
  local well, why = pcall(match, ...)
  if not well then return type(why) == 'table' and why.err or tostring(why) end
end
