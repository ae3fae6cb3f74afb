-- The drivers around a place; reads only. ARGV: lng, lat, radius in m, how many at the most.
-- Answers {how many within the radius could be had, how many are stale, {id, metres, geohash, lng, lat, when seen or '', 1 where
-- stale}...}, those nearest first and also beyond the radius. The cost does not follow the number of those within it.
local lng, lat, radius, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local COUNTED = 100       -- so many are counted
local UNJUDGED_READ = 300 -- so many are read to count those whom no report of ours speaks for
local FARTHEST_M = 100000 -- so far is looked for the nearest
local NEAR_M = 500        -- up to here a circle is the quickest way to the nearest
local FEW = 24            -- a cell with so many is read driver by driver
local STEPS = 26          -- so often the earth can be quartered: the grid of Redis' geohashes
local MOST_LAT = 85.05112878
local MOST_STEPS = 2000   -- a guard: some hundred are enough

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

local function count_of(set, kind, read)
  local counted = 0
  for _, judged in ipairs(judge(grown(set, lng, lat, radius, read, 'ANY'))) do
    if judged == kind then counted = counted + 1 end
  end
  return counted
end

local stale = stale_within(lng, lat, radius, COUNTED)
local free = count_of(FRESH, 'fresh', COUNTED)
if free < COUNTED then free = math.min(COUNTED, free + count_of(DRIVERS, 'unjudged', UNJUDGED_READ)) end

-- How far away a cell of the geohash grid is: where it lies beside, its nearer meridian is, and on that the foot of a
-- perpendicular or the corner next to it.
local function metres_to_cell(x, y, step)
  local width, height = 360 / 2 ^ step, 2 * MOST_LAT / 2 ^ step
  local west, south = x * width - 180, y * height - MOST_LAT
  local east_of, west_of = (west - lng) % 360, (lng - west - width) % 360
  local beside = (lng - west) % 360 <= width and 0 or math.min(east_of, west_of)
  -- Beyond a quarter of the earth the foot is on its other side, and nobody looks so far.
  if beside >= 90 then return EARTH_M end
  local foot = math.deg(math.atan(math.tan(math.rad(lat)) / math.cos(math.rad(beside))))
  return metres_between(lng, lat, lng + beside, math.max(south, math.min(foot, south + height)))
end

-- The nearest of all drivers, as they are answered, but for what is known of their reports. Looked for in cells, the nearest
-- first, that are quartered until they hold few: the cost follows neither how many there are nor how far away the nearest is.
local function nearest_in_cells(farthest)
  local open, found = {{0, cell = 0, x = 0, y = 0, step = 0, holds = FEW + 1}}, {}
  -- The nearest is the last.
  local function add(one)
    local low, high = 1, #open + 1
    while low < high do
      local middle = math.floor((low + high) / 2)
      if open[middle][1] > one[1] then low = middle + 1 else high = middle end
    end
    table.insert(open, low, one)
  end
  for _ = 1, MOST_STEPS do
    local nearest = table.remove(open)
    if not nearest or nearest[1] > farthest then break end
    if nearest.driver then
      found[#found + 1] = nearest.driver
      if #found == count then break end
    elseif nearest.holds <= FEW or nearest.step == STEPS then
      local size = 4 ^ (STEPS - nearest.step)
      local members = redis.call('ZRANGE', DRIVERS, string.format('%.0f', nearest.cell * size),
        string.format('(%.0f', (nearest.cell + 1) * size), 'BYSCORE', 'LIMIT', 0, math.max(FEW, count), 'WITHSCORES')
      local ids = {}
      for i = 1, #members, 2 do ids[#ids + 1] = members[i] end
      for i, at in ipairs(#ids > 0 and redis.call('GEOPOS', DRIVERS, unpack(ids)) or {}) do
        local metres = metres_between(lng, lat, at[1], at[2])
        add({metres, driver = {ids[i], string.format('%.4f', metres), members[2 * i], at[1], at[2]}})
      end
    else
      local step, size = nearest.step + 1, 4 ^ (STEPS - nearest.step - 1)
      for quarter = 0, 3 do
        local cell, x, y = nearest.cell * 4 + quarter, nearest.x * 2 + math.floor(quarter / 2), nearest.y * 2 + quarter % 2
        local holds = redis.call('ZCOUNT', DRIVERS, string.format('%.0f', cell * size), string.format('(%.0f', (cell + 1) * size))
        if holds > 0 then add({metres_to_cell(x, y, step), cell = cell, x = x, y = y, step = step, holds = holds}) end
      end
    end
  end
  return found
end

-- Most who wait in a city have somebody near.
local near = grown(DRIVERS, lng, lat, NEAR_M, count, 'ASC', 'WITHDIST', 'WITHHASH', 'WITHCOORD')
for _, driver in ipairs(near) do driver[4], driver[5] = driver[4][1], driver[4][2] end
if #near < count then near = nearest_in_cells(math.max(radius, FARTHEST_M)) end
local ids = {}
for i, driver in ipairs(near) do ids[i] = driver[1] end
for i, judged in ipairs(judge(ids)) do
  local seen = redis.pcall('ZSCORE', SEEN, ids[i])
  near[i][6], near[i][7] = type(seen) == 'string' and seen or '', judged == 'stale' and 1 or 0
end
return {free, stale, near}
