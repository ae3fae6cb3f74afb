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
local FEW = 3                   -- a cell with so many is read one by one

local rad, deg, sin, cos, floor = math.rad, math.deg, math.sin, math.cos, math.floor
local PI, LOG_2, MOST_LAT_RAD = math.pi, math.log(2), rad(MOST_LAT)
local WIDTH, HEIGHT = 2 * PI / 2 ^ STEPS, 2 * MOST_LAT_RAD / 2 ^ STEPS  -- of the finest cells, in radians

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

-- The cells that a circle touches, at most four: the finest that are no smaller than it is.
local function cells_of(lng, lat, radius)
  local angle = radius / EARTH_M
  local height, width = 2 * deg(angle), 360
  if math.abs(lat) + height / 2 < 90 then width = 2 * deg(math.asin(math.min(1, sin(angle) / cos(rad(lat))))) end
  local step = floor(math.log(math.min(360 / width, 2 * MOST_LAT / height)) / LOG_2)
  step = math.max(0, math.min(STEPS, step))
  local many = 2 ^ step
  local west, east = floor((lng - width / 2 + 180) / 360 * many), floor((lng + width / 2 + 180) / 360 * many)
  local south, north = row_of(lat - height / 2, many), row_of(lat + height / 2, many)
  local cells, size = {}, 4 ^ (STEPS - step)
  for x = west, math.min(east, west + many - 1) do
    local column = 2 * spread(x % many)
    for y = south, north do
      cells[#cells + 1] = {x = x % many, y = y, step = step, first = (column + spread(y)) * size, size = size}
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

-- How far away cells and members are from a place. What is compared is the haversine of the angle, which is the sum of a part of
-- the row and one of the column; that of a cell is reckoned a bit too small, never too large.
local function ruler(lng, lat)
  lng, lat = rad(lng), rad(lat)
  local cos_lat = cos(lat)
  local function of_angle(angle)
    local half = sin(angle / 2)
    return half * half
  end
  local ruler = {}
  -- The part of a row of cells, and what the part of a column in it is to be multiplied by.
  function ruler.row(y, height)
    local south, north = y * height - MOST_LAT_RAD, (y + 1) * height - MOST_LAT_RAD
    local beyond = lat < south and south - lat or lat > north and lat - north or 0
    return of_angle(beyond), cos_lat * math.min(cos(south), cos(north))
  end
  function ruler.column(x, width)
    local east_of = (lng + PI - x * width) % (2 * PI)
    return east_of <= width and 0 or of_angle(math.min(east_of - width, 2 * PI - east_of))
  end
  -- The farthest corner of a cell, reckoned a bit too large.
  function ruler.farthest(x, y, height, width)
    local south, west = y * height - MOST_LAT_RAD, x * width - PI
    local beside = math.max(math.abs((west - lng + PI) % (2 * PI) - PI), math.abs((west + width - lng + PI) % (2 * PI) - PI))
    if beside > PI / 2 then return 1 end
    local wide = south * (south + height) < 0 and 1 or math.max(cos(south), cos(south + height))
    return of_angle(math.max(math.abs(lat - south), math.abs(south + height - lat))) + cos_lat * wide * of_angle(beside)
  end
  -- A member of a cell, by its score.
  function ruler.member(x, y, step, first, score)
    local east, north = gathered(floor(score - first))
    local many = 2 ^ (STEPS - step)
    local there = (y * many + north + 0.5) * HEIGHT - MOST_LAT_RAD
    return of_angle(there - lat) + cos_lat * cos(there) * of_angle((x * many + east + 0.5) * WIDTH - PI - lng)
  end
  return ruler
end

local function haversine(metres)
  return sin(math.min(metres / EARTH_M, PI) / 2) ^ 2
end

-- Calls `look` with each quarter of a cell, the nearest first, that is no farther away than `limit()`.
local function each_quarter(ruler, x, y, step, first, limit, look)
  x, y, step = 2 * x, 2 * y, step + 1
  local many = 2 ^ (STEPS - step)
  local south, of_south = ruler.row(y, HEIGHT * many)
  local north, of_north = ruler.row(y + 1, HEIGHT * many)
  local west, east = ruler.column(x, WIDTH * many), ruler.column(x + 1, WIDTH * many)
  local function quarter(row, column)
    local far = (row == 0 and south or north) + (row == 0 and of_south or of_north) * (column == 0 and west or east)
    if far <= limit() then look(x + column, y + row, step, first + (2 * column + row) * many * many) end
  end
  local row, column = south <= north and 0 or 1, west <= east and 0 or 1
  quarter(row, column)
  quarter(1 - row, column)
  quarter(row, 1 - column)
  quarter(1 - row, 1 - column)
end

-- The members of a cell, so many at the most.
local function members_of(set, step, first, most)
  local from, to = bounds(first, 4 ^ (STEPS - step))
  return redis.call('ZRANGE', set, from, to, 'BYSCORE', 'LIMIT', 0, most)
end

-- The nearest in these cells, at most `count` within the radius. A cell is quartered until it holds few, the nearest quarter
-- first; one that is farther away than who was found already is not looked into.
local function nearest_in_cells(set, cells, lng, lat, radius, count)
  local limit, found, ruler = haversine(radius), {}, ruler(lng, lat)
  local function limit_now() return limit end
  local function find(id, far)
    if far > limit then return end
    local at = #found + 1
    while at > 1 and found[at - 1].far > far do at = at - 1 end
    table.insert(found, at, {id = id, far = far})
    found[count + 1] = nil
    if found[count] then limit = found[count].far end
  end
  local function look(x, y, step, first)
    local ids = members_of(set, step, first, step < STEPS and FEW + 1 or count)
    if #ids > FEW and step < STEPS then return each_quarter(ruler, x, y, step, first, limit_now, look) end
    if #ids == 0 then return end
    for i, score in ipairs(redis.call('ZMSCORE', set, unpack(ids))) do
      find(ids[i], ruler.member(x, y, step, first, score))
    end
  end
  for _, cell in ipairs(cells) do look(cell.x, cell.y, cell.step, cell.first) end
  for i, one in ipairs(found) do
    found[i] = {one.id, string.format('%.4f', 2 * EARTH_M * math.asin(math.min(1, math.sqrt(one.far))))}
  end
  return found
end

-- The same for any who are within the radius: cells that lie in it wholly are not looked into.
local function some_in_cells(set, cells, lng, lat, radius, most)
  local limit, found, ruler = haversine(radius), {}, ruler(lng, lat)
  local function limit_now() return #found < most and limit or -1 end
  local function look(x, y, step, first)
    local many = 2 ^ (STEPS - step)
    local whole = ruler.farthest(x, y, HEIGHT * many, WIDTH * many) <= limit
    local ids = members_of(set, step, first, (whole or step == STEPS) and most - #found or FEW + 1)
    if whole then
      for _, id in ipairs(ids) do found[#found + 1] = id end
    elseif #ids > FEW and step < STEPS then
      each_quarter(ruler, x, y, step, first, limit_now, look)
    elseif #ids > 0 then
      for i, score in ipairs(redis.call('ZMSCORE', set, unpack(ids))) do
        if ruler.member(x, y, step, first, score) <= limit_now() then found[#found + 1] = ids[i] end
      end
    end
  end
  for _, cell in ipairs(cells) do
    if #found < most then look(cell.x, cell.y, cell.step, cell.first) end
  end
  return found
end

-- A radius in which so many may well stand: by those who are next to this place in the order of the set.
local function guessed_radius(set, lng, lat, count)
  local many = 2 ^ STEPS
  local x = math.min(many - 1, floor((lng + 180) / 360 * many))
  local here = string.format('%d', 2 * spread(x) + spread(row_of(lat, many)))
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

-- The nearest of a set within the radius, nearest first, at most `count`, each {id, metres}: the same answer as Redis' search of the
-- whole circle. Where few stand within the cells of that, it is that search. Else the circle is begun with as small as may
-- do and doubled, and where its cells hold a crowd even so, they are quartered.
local function nearest_of(set, lng, lat, radius_m, count)
  lng, lat = tonumber(lng), tonumber(lat)
  local crowd, radius = CROWD + 100 * count, radius_m
  local cells = cells_of(lng, lat, radius)
  local holds = count_in(set, cells, crowd)
  if holds > crowd then
    radius = math.min(radius, guessed_radius(set, lng, lat, count))
    cells = cells_of(lng, lat, radius)
    holds = count_in(set, cells, crowd)
  end
  while true do
    local found = {}
    if holds > crowd then
      found = nearest_in_cells(set, cells, lng, lat, radius, count)
    elseif holds >= count or (holds > 0 and radius >= radius_m) then
      found = redis.call('GEOSEARCH', set, 'FROMLONLAT', lng, lat, 'BYRADIUS', radius, 'm', 'ASC', 'COUNT', count, 'WITHDIST')
    end
    if #found >= count or radius >= radius_m then return found end
    radius = math.min(radius * 2, radius_m)
    cells = cells_of(lng, lat, radius)
    holds = count_in(set, cells, crowd)
  end
end

-- Any of a set within the radius, at most so many, in no order.
local function some_of(set, lng, lat, radius, most)
  lng, lat = tonumber(lng), tonumber(lat)
  local cells = cells_of(lng, lat, radius)
  local holds = count_in(set, cells, CROWD)
  if holds == 0 then return {} end
  if holds > CROWD then return some_in_cells(set, cells, lng, lat, radius, most) end
  return redis.call('GEOSEARCH', set, 'FROMLONLAT', lng, lat, 'BYRADIUS', radius, 'm', 'COUNT', most, 'ANY')
end
