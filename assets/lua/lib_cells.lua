-- The nearest of a GEO set, at a cost that follows neither how many there are nor how they stand. Stands before the scripts that
-- look for drivers or for those who wait.
--
-- A GEO set is a sorted set in the order of its geohashes: 26 bits each of longitude and latitude, interleaved. So a cell of
-- that grid is one range of scores, and a count of it is quick. Redis' own search of a circle reads everybody in the cells
-- which that touches: quickest where they hold few, far too slow in a crowd, even in one that stands just outside.

local EARTH_M = 6372797.560856  -- the earth's radius as Redis has it
local MOST_LAT = 85.05112878    -- the grid ends there
local STEPS = 26                -- so often the earth is quartered
local CROWD = 300               -- so many are more than one circle is to read
local CITY_M = 45000            -- a fleet is thought to stand evenly in a square with such sides
local FEW = 3                   -- a cell with so many is read one by one

local rad, deg, sin, cos, floor = math.rad, math.deg, math.sin, math.cos, math.floor
local PI, LOG_2, MOST_LAT_RAD = math.pi, math.log(2), rad(MOST_LAT)
local MANY = 2 ^ STEPS                                            -- so many columns and rows of the finest cells there are
local WIDTH, HEIGHT = 2 * PI / MANY, 2 * MOST_LAT_RAD / MANY  -- of the finest cells, in radians

local function metres_between(lng_a, lat_a, lng_b, lat_b)
  local u, v = sin((rad(lat_b) - rad(lat_a)) / 2), sin((rad(lng_b) - rad(lng_a)) / 2)
  return 2 * EARTH_M * math.asin(math.min(1, math.sqrt(u * u + cos(rad(lat_a)) * cos(rad(lat_b)) * v * v)))
end

local LAST_SCORE = '4503599627370495'  -- of the grid: foreign hands set other scores as well, which are no places

-- The bits of a whole number with a gap before each.
local SPREAD = {[0] = 0, 1, 4, 5, 16, 17, 20, 21, 64, 65, 68, 69, 80, 81, 84, 85}
local function spread(number)
  local wide, place = 0, 1
  while number > 0 do
    local low = number % 16
    wide, number, place = wide + SPREAD[low] * place, (number - low) / 16, place * 256
  end
  return wide
end

-- Every other bit of a whole number, from its lowest or its second one on.
local EAST = {[0] = 0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3}
local NORTH = {[0] = 0, 1, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 2, 3}
local function gathered(number)
  local east, north, place = 0, 0, 1
  while number > 0 do
    local low = number % 16
    east, north, number, place = east + EAST[low] * place, north + NORTH[low] * place, (number - low) / 16, place * 4
  end
  return east, north
end

local function row_of(lat, many)
  return math.max(0, math.min(many - 1, floor((lat + MOST_LAT) / (2 * MOST_LAT) * many)))
end

-- The place in degrees that a score stands for.
local function place_of(score)
  local east, north = gathered(floor(score))
  return deg((east + 0.5) * WIDTH) - 180, deg((north + 0.5) * HEIGHT) - MOST_LAT
end

-- The cells that a circle touches, at most four: the finest that are no smaller than it is. Each has its first column and row, and
-- how wide it is, in finest cells; and its first score, and how many scores there are.
local function cells_of(lng, lat, radius)
  local angle = radius / EARTH_M
  local height, width = 2 * deg(angle), 360
  if math.abs(lat) + height / 2 < 90 then width = 2 * deg(math.asin(math.min(1, sin(angle) / cos(rad(lat))))) end
  local step = floor(math.log(math.min(360 / width, 2 * MOST_LAT / height)) / LOG_2)
  step = math.max(0, math.min(STEPS, step))
  local many, wide = 2 ^ step, 2 ^ (STEPS - step)
  local west, east = floor((lng - width / 2 + 180) / 360 * many), floor((lng + width / 2 + 180) / 360 * many)
  local south, north = row_of(lat - height / 2, many), row_of(lat + height / 2, many)
  local cells, size = {}, wide * wide
  for x = west, math.min(east, west + many - 1) do
    local column = x % many
    for y = south, north do
      cells[#cells + 1] = {x = column * wide, y = y * wide, wide = wide, first = (2 * spread(column) + spread(y)) * size, size = size}
    end
  end
  return cells
end

-- The scores of a cell, as the bounds of a range.
local function bounds(first, size)
  return string.format('%d', first), string.format('(%d', first + size)
end

-- How many stand in these cells; where they are more than `most`, some number above that.
local function count_in(set, cells, most)
  local holds = 0
  for _, cell in ipairs(cells) do
    holds = holds + redis.call('ZCOUNT', set, bounds(cell.first, cell.size))
    if holds > most then break end
  end
  return holds
end

-- The members of a cell, so many at the most.
local function members_of(set, first, wide, most)
  local from, to = bounds(first, wide * wide)
  return redis.call('ZRANGE', set, from, to, 'BYSCORE', 'LIMIT', 0, most)
end

-- What is compared is four times the haversine of the angle between two places: a sum of a part of the rows between them and a
-- part of the columns.
local function fourfold(metres)
  return 4 * sin(math.min(metres / EARTH_M, PI) / 2) ^ 2
end

local function metres_of(fourfold)
  return 2 * EARTH_M * math.asin(math.min(1, math.sqrt(fourfold) / 2))
end

-- How far away things are from a place, among these cells. For cells there are bounds, without a sine or cosine: they are looked
-- at by the hundred.
local function ruler(lng, lat, cells)
  local ruler = {x = (lng + 180) / 360 * MANY, y = (lat + MOST_LAT) / (2 * MOST_LAT) * MANY}
  lng, lat = rad(lng), rad(lat)
  local cos_lat, south, north = cos(lat), PI, -PI
  for _, cell in ipairs(cells) do
    south = math.min(south, cell.y * HEIGHT - MOST_LAT_RAD)
    north = math.max(north, (cell.y + cell.wide) * HEIGHT - MOST_LAT_RAD)
  end
  local narrow, broad = cos_lat * math.min(cos(south), cos(north)), cos_lat
  if south * north >= 0 then broad = cos_lat * math.max(cos(south), cos(north)) end

  -- Not less than the part of the row, or the column, that begins here may be. The square of a sine is larger than the first two
  -- terms of its series.
  function ruler.row(y, wide)
    local rows = ruler.y < y and y - ruler.y or ruler.y > y + wide and ruler.y - y - wide or 0
    local square = (rows * HEIGHT) ^ 2
    return square * (1 - square / 12)
  end
  function ruler.column(x, wide)
    local east_of = (ruler.x - x) % MANY
    if east_of <= wide then return 0 end
    local square = (math.min(east_of - wide, MANY - east_of) * WIDTH) ^ 2
    return narrow * square * (1 - square / 12)
  end
  -- No less than its farthest corner.
  function ruler.farthest(x, y, wide)
    local beside = math.abs((x + wide / 2 - ruler.x + MANY / 2) % MANY - MANY / 2) + wide / 2
    local along = math.abs(y + wide / 2 - ruler.y) + wide / 2
    return (along * HEIGHT) ^ 2 + broad * (beside * WIDTH) ^ 2
  end
  -- A member of a cell, by its score.
  function ruler.member(x, y, first, score)
    local east, north = gathered(floor(score - first))
    local there = (y + north + 0.5) * HEIGHT - MOST_LAT_RAD
    local u, v = sin((there - lat) / 2), sin(((x + east + 0.5) * WIDTH - PI - lng) / 2)
    return 4 * (u * u + cos_lat * cos(there) * v * v)
  end
  return ruler
end

-- Calls `look` with each quarter of a cell, the nearest first, that is no farther away than `limit()`.
local function each_quarter(ruler, x, y, first, wide, limit, look)
  local half = wide / 2
  local row, column = ruler.y > y + half and half or 0, (ruler.x - x - half) % MANY < MANY / 2 and half or 0
  local near_row, far_row = ruler.row(y + row, half), ruler.row(y + half - row, half)
  local near_column, far_column = ruler.column(x + column, half), ruler.column(x + half - column, half)
  local function quarter(far, row, column)
    if far <= limit() then look(x + column, y + row, first + (2 * column + row) * half, half) end
  end
  quarter(near_row + near_column, row, column)
  if far_row + near_column <= near_row + far_column then
    quarter(far_row + near_column, half - row, column)
    quarter(near_row + far_column, row, half - column)
  else
    quarter(near_row + far_column, row, half - column)
    quarter(far_row + near_column, half - row, column)
  end
  quarter(far_row + far_column, half - row, half - column)
end

-- The nearest in these cells, at most `count` within the radius. A cell is quartered until it holds few, the nearest quarter
-- first; one that is farther away than who was found already is not looked into.
local function nearest_in_cells(set, cells, lng, lat, radius, count)
  local limit, found, ruler = fourfold(radius), {}, ruler(lng, lat, cells)
  local function limit_now() return limit end
  local function find(id, far)
    if far > limit then return end
    local at = #found + 1
    while at > 1 and found[at - 1].far > far do at = at - 1 end
    table.insert(found, at, {id = id, far = far})
    found[count + 1] = nil
    if found[count] then limit = found[count].far end
  end
  local function look(x, y, first, wide)
    local ids = members_of(set, first, wide, wide > 1 and FEW + 1 or count)
    if #ids > FEW and wide > 1 then return each_quarter(ruler, x, y, first, wide, limit_now, look) end
    if #ids == 0 then return end
    for i, score in ipairs(redis.call('ZMSCORE', set, unpack(ids))) do
      find(ids[i], ruler.member(x, y, first, score))
    end
  end
  for _, cell in ipairs(cells) do look(cell.x, cell.y, cell.first, cell.wide) end
  for i, one in ipairs(found) do found[i] = {one.id, string.format('%.4f', metres_of(one.far))} end
  return found
end

-- The same for any who are within the radius: cells that lie in it wholly are not looked into.
local function some_in_cells(set, cells, lng, lat, radius, most)
  local limit, found, ruler = fourfold(radius), {}, ruler(lng, lat, cells)
  local function limit_now() return #found < most and limit or -1 end
  local function look(x, y, first, wide)
    local whole = ruler.farthest(x, y, wide) <= limit
    local ids = members_of(set, first, wide, (whole or wide == 1) and most - #found or FEW + 1)
    if whole then
      for _, id in ipairs(ids) do found[#found + 1] = id end
    elseif #ids > FEW and wide > 1 then
      each_quarter(ruler, x, y, first, wide, limit_now, look)
    elseif #ids > 0 then
      for i, score in ipairs(redis.call('ZMSCORE', set, unpack(ids))) do
        if ruler.member(x, y, first, score) <= limit_now() then found[#found + 1] = ids[i] end
      end
    end
  end
  for _, cell in ipairs(cells) do
    if #found < most then look(cell.x, cell.y, cell.first, cell.wide) end
  end
  return found
end

-- A radius in which so many may well stand: by those who are next to this place in the order of the set.
local function guessed_radius(set, lng, lat, count)
  local x = math.min(MANY - 1, floor((lng + 180) / 360 * MANY))
  local here = string.format('%d', 2 * spread(x) + spread(row_of(lat, MANY)))
  local asked, metres = math.min(count, 3), {}
  local function measure(those)
    for i = 2, #those, 2 do
      metres[#metres + 1] = metres_between(lng, lat, place_of(those[i]))
    end
  end
  measure(redis.call('ZRANGE', set, here, LAST_SCORE, 'BYSCORE', 'LIMIT', 0, asked, 'WITHSCORES'))
  measure(redis.call('ZRANGE', set, here, 0, 'BYSCORE', 'REV', 'LIMIT', 0, asked, 'WITHSCORES'))
  table.sort(metres)
  return math.max(1, (metres[asked] or math.huge) * 1.000001) * math.sqrt(count / asked)
end

-- How many stand in the cells that a circle touches, where they are no more than a few; or nil. And those cells.
local function few_in(set, lng, lat, radius, few)
  local cells = cells_of(lng, lat, radius)
  local holds = count_in(set, cells, few)
  return holds <= few and holds or nil, cells
end

-- The nearest of a set within the radius, nearest first, at most `count`, each {id, metres}: the same answer as Redis' search of the
-- whole circle. It is begun with a circle that would do if all stood evenly in a city, and grows. Where the cells of a
-- circle hold a crowd, a smaller one may do; and where they do even so, they are quartered.
local function nearest_of(set, lng, lat, radius_m, count)
  lng, lat = tonumber(lng), tonumber(lat)
  local few, all = CROWD + 100 * count, redis.call('ZCARD', set)
  if all == 0 then return {} end
  -- In such a circle there would be a few more than are wanted.
  local radius, guessed = math.min(radius_m, CITY_M * math.sqrt((count + 3 * math.sqrt(count)) / (PI * all))), false
  while true do
    local holds, cells = few_in(set, lng, lat, radius, few)
    if not holds and not guessed then
      guessed = true
      local guess = guessed_radius(set, lng, lat, count)
      if guess < radius then
        radius = guess
        holds, cells = few_in(set, lng, lat, radius, few)
      end
    end
    local found = {}
    if not holds then
      found = nearest_in_cells(set, cells, lng, lat, radius, count)
    elseif holds >= count or (holds > 0 and radius >= radius_m) then
      found = redis.call('GEOSEARCH', set, 'FROMLONLAT', lng, lat, 'BYRADIUS', radius, 'm', 'ASC', 'COUNT', count, 'WITHDIST')
    end
    if #found >= count or radius >= radius_m then return found end
    -- Around some who wait there is nobody far and wide.
    radius = holds == 0 and radius_m or math.min(radius * 2, radius_m)
  end
end

-- Any of a set within the radius, at most so many, in no order.
local function some_of(set, lng, lat, radius, most)
  lng, lat = tonumber(lng), tonumber(lat)
  local holds, cells = few_in(set, lng, lat, radius, CROWD)
  if holds == 0 then return {} end
  if not holds then return some_in_cells(set, cells, lng, lat, radius, most) end
  return redis.call('GEOSEARCH', set, 'FROMLONLAT', lng, lat, 'BYRADIUS', radius, 'm', 'COUNT', most, 'ANY')
end
