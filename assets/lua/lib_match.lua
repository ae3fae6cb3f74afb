-- Giving a driver who has just appeared or moved to somebody who waits. Stands before the scripts that change drivers.

local MOST_READ = 1000        -- so many who wait are read for one driver at the most
local MOST_READ_IN_ALL = 4000 -- and so many in one script, however many report; the rest is left to the sweep
local FIRST_PAGE = 10         -- how many of the oldest are read at first, and then twice as many each time
local MOST_LOOKS = 10         -- after so many who could not be given the driver, the rest is left to the sweep

local read_in_all = 0
local farthest  -- the largest radius of those who wait, read once: a match only makes it smaller

-- The classes of radius in which a request waits, each with the largest radius in it.
local function read_classes()
  local classes, below = {}, '+inf'
  repeat
    local radius = tonumber(redis.call('ZRANGE', REACH, below, '(0', 'BYSCORE', 'REV', 'LIMIT', 0, 1, 'WITHSCORES')[2] or '')
    if not radius then break end
    local class = class_of(radius)
    classes[#classes + 1] = {class = class, radius = math.min(radius, farthest)}
    below = string.format('(%d', 2 ^ (class - 1))
  until class == SMALLEST_CLASS
  return classes
end

-- The searches that together find every request whose radius reaches this place, each {set, radius, cells, class}; and whether
-- one of them meets a crowd. Around most places few wait: then one search of all is quickest, and it has no class. In a crowd
-- each class is searched by itself, or the largest radius would set the cost for all.
local function searches_around(lng, lat)
  local searches, has_crowd = {}, false
  local function add(set, radius, class)
    local cells = cells_of(lng, lat, radius)
    local holds = count_in(set, cells, CROWD)
    if holds == 0 then return end
    if holds > CROWD then
      local classes = not class and read_classes() or {}
      if #classes > 1 then
        for _, one in ipairs(classes) do add(class_key(one.class), one.radius, one.class) end
        return
      end
      if #some_in_cells(set, cells, lng, lat, radius, 1) == 0 then return end
      has_crowd = true
    end
    searches[#searches + 1] = {set = set, radius = radius, cells = cells, class = class}
  end
  add(WAITING, farthest)
  return searches, has_crowd
end

-- Those of the waiting, given with their distances in metres, whose own radius reaches so far. One that `search` has read from a
-- class other than that of its radius was left there because of an external writer, and is taken out.
local function reached(ids, metres, search)
  if #ids == 0 then return {} end
  local reach, those = redis.call('ZMSCORE', REACH, unpack(ids)), {}
  for i, id in ipairs(ids) do
    local radius = tonumber(reach[i] or '')
    if search and search.class and (not radius or class_of(radius) ~= search.class) then
      redis.call('ZREM', search.set, id)
    elseif radius and metres[i] and metres[i] <= radius then
      those[#those + 1] = id
    end
  end
  return those
end

-- A page of those who have waited longest, as far as they are in the cells of a search and their radius reaches this place; and
-- whether it was the last.
local function oldest_reached(start, size, searches, lng, lat)
  local page = redis.call('ZRANGE', QUEUE, start, start + size - 1)
  if #page == 0 then return {}, true end
  read_in_all = read_in_all + #page
  local of_class, radii = {}, searches[2] and redis.call('ZMSCORE', REACH, unpack(page))
  for _, search in ipairs(searches) do of_class[search.class or 0] = search end
  local ids, metres = {}, {}
  for i, score in ipairs(redis.call('ZMSCORE', WAITING, unpack(page))) do
    score = tonumber(score or '')
    local search = searches[1]
    if radii then search = radii[i] and of_class[class_of(tonumber(radii[i]))] end
    for _, cell in ipairs(score and search and search.cells or {}) do
      -- Most are elsewhere, and how far away need not be reckoned.
      if score >= cell.first and score < cell.first + cell.size then
        ids[#ids + 1], metres[#metres + 1] = page[i], metres_between(lng, lat, place_of(score))
      end
    end
  end
  return reached(ids, metres), #page < size
end

-- All whose radius reaches this place, oldest first; where they are very many, some of them.
local function all_reached(searches, lng, lat)
  local all, age, left = {}, {}, MOST_READ
  for _, search in ipairs(searches) do
    local near = left > 0 and redis.call('GEOSEARCH', search.set, 'FROMLONLAT', lng, lat, 'BYRADIUS', search.radius, 'm',
      'COUNT', left, 'ANY', 'WITHDIST') or {}
    left, read_in_all = left - #near, read_in_all + #near
    local ids, metres = {}, {}
    for i, one in ipairs(near) do ids[i], metres[i] = one[1], tonumber(one[2]) end
    for _, id in ipairs(reached(ids, metres, search)) do all[#all + 1] = id end
  end
  if #all == 0 then return all end
  for i, score in ipairs(redis.call('ZMSCORE', QUEUE, unpack(all))) do age[all[i]] = tonumber(score or NOW) end
  table.sort(all, function(a, b) return age[a] < age[b] end)
  return all
end

-- Gives a driver at this place to the one who has waited longest of those whose radius it is in. `why` stands in the event.
-- The cost does not follow the number of those who wait. Most often there is nobody within reach, which is known at once. A few
-- are searched by place, and what is found is put in order; in a crowd the oldest are asked first, since one of them is near,
-- and then at most a thousand by place. Returns why one of those asked could not be looked at, or nil.
local function match(driver, lng, lat, actor, why)
  farthest = farthest or math.min(2e7, tonumber(redis.call('ZRANGE', REACH, -1, -1, 'WITHSCORES')[2] or 0))
  if farthest <= 0 or read_in_all >= MOST_READ_IN_ALL then return end
  lng, lat = tonumber(lng), tonumber(lat)
  local searches, has_crowd = searches_around(lng, lat)
  if #searches == 0 then return end
  local at_hand = {driver = driver, lng = lng, lat = lat}
  local looks, failed = 0, nil
  local function try(ids)
    for _, id in ipairs(ids) do
      if looks >= MOST_LOOKS then return true end
      looks = looks + 1
      local answer = look_safely(id, actor, why, at_hand)
      if answer[2] == 'found' and answer[3] == driver then return true end
      if answer[2] == 'failed' then failed = failed or answer[3] end
    end
  end
  if has_crowd then
    local start, size = 0, FIRST_PAGE
    while start < MOST_READ do
      local ids, was_last = oldest_reached(start, math.min(size, MOST_READ - start), searches, lng, lat)
      if try(ids) or was_last then return failed end
      start, size = start + size, 2 * size
    end
  end
  try(all_reached(searches, lng, lat))
  return failed
end

-- The same for a caller whose own work is done, which no odd key on the lists of those who wait may undo: the sweep follows.
-- Answers what went wrong, or nil.
local function match_safely(...)
  local well, why = pcall(match, ...)
  if well then return why end
  return type(why) == 'table' and why.err or tostring(why)
end
