-- Drivers who have fallen silent: makes them stale, tells of each once, and takes those off the map who were silent for long.
-- ARGV: worker id, after how many ms of silence a driver is stale (0: never), and is forgotten (0: never), how many are made
-- stale at the most, and how many are told of; 0 where it is not the time to tell: a fleet that falls silent at once must
-- not drive everything else out of the stream.
-- Answers 1 where there are more to be made stale.
local worker = ARGV[1]
local stale_ms, forget_ms, most, told = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

-- How far the drivers have been worked off, oldest report first: up to this time, and of those who reported in that very
-- millisecond up to this driver. Kept in Redis, so that any worker goes on. A clock that was set back can leave a time in the
-- future: then it begins anew.
local function read_cursor(name)
  local seen = noted(name)
  if not seen or seen > NOW then return nil end
  return {seen = string.format('%.17g', seen), driver = redis.call('HGET', SWEEP, name .. '_driver')}
end

-- Whether a driver comes after another one of the same millisecond. Redis sorts by bytes; Lua's `>` sorts by the server's locale.
local function comes_after(a, b)
  local i = 1
  while a:byte(i) and a:byte(i) == b:byte(i) do i = i + 1 end
  return (a:byte(i) or -1) > (b:byte(i) or -1)
end

-- How many drivers stand before the first one after a cursor. The driver in it may have reported since, and stand elsewhere.
local function rank_after(cursor)
  if not cursor then return 0 end
  local low = redis.call('ZCOUNT', SEEN, '-inf', '(' .. cursor.seen)
  local high = low + redis.call('ZCOUNT', SEEN, cursor.seen, cursor.seen)
  if not cursor.driver then return high end
  while low < high do
    local middle = math.floor((low + high) / 2)
    if comes_after(redis.call('ZRANGE', SEEN, middle, middle)[1], cursor.driver) then high = middle else low = middle + 1 end
  end
  return low
end

-- The next drivers after a cursor, at most `count` and of the first `ending` of all, {id, Unix ms, …}. However many have reported in
-- one millisecond, a page of them is bounded.
local function next_page(name, ending, count)
  local first = rank_after(read_cursor(name))
  if first >= ending then return {} end
  return redis.call('ZRANGE', SEEN, first, math.min(first + count, ending) - 1, 'WITHSCORES')
end

-- Moves a cursor to the end of a page that was worked off: if a step of that fails, the page comes again.
local function move_cursor(name, page)
  if #page > 0 then redis.call('HSET', SWEEP, name, page[#page], name .. '_driver', page[#page - 1]) end
end

local function tell_of(kind, driver, seen, place)
  tell(kind, {'driver_id', driver, 'actor', worker, 'lat', place[2], 'lng', place[1],
    'reason', string.format('no report for %.0f s', (NOW - seen) / 1000)})
end

local more = 0
if stale_ms > 0 then
  local silent = next_page('stale_line', redis.call('ZCOUNT', SEEN, '-inf', NOW - stale_ms), most)
  for i = 1, #silent, 2 do
    local driver = silent[i]
    if is_where_it_reported(FRESH, driver) then redis.call('ZADD', STALE, redis.call('ZSCORE', FRESH, driver), driver) end
    redis.call('ZREM', FRESH, driver)
  end
  move_cursor('stale_line', silent)
  if #silent / 2 >= most then more = 1 end
end

if told > 0 and stale_ms > 0 then
  local silent = next_page('told_line', rank_after(read_cursor('stale_line')), told)
  for i = 1, #silent, 2 do
    if is_where_it_reported(STALE, silent[i]) then
      tell_of('stale', silent[i], silent[i + 1], redis.call('GEOPOS', DRIVERS, silent[i])[1])
    end
  end
  move_cursor('told_line', silent)
end

if told > 0 and forget_ms > 0 then
  local silent = redis.call('ZRANGE', SEEN, '-inf', NOW - forget_ms, 'BYSCORE', 'LIMIT', 0, told, 'WITHSCORES')
  for i = 1, #silent, 2 do
    local driver = silent[i]
    if is_where_it_reported(STALE, driver) or is_where_it_reported(FRESH, driver) then
      local place, score = redis.call('GEOPOS', DRIVERS, driver)[1], redis.call('ZSCORE', DRIVERS, driver)
      all_or_nothing(function(undo)
        redis.call('ZREM', DRIVERS, driver)
        undo[1] = function() redis.call('ZADD', DRIVERS, score, driver) end
        tell_of('forgotten', driver, silent[i + 1], place)
      end)
    end
    unjudge(driver)
    redis.call('ZREM', SEEN, driver)
  end
end
return more
