-- Drivers who have fallen silent: makes them stale, tells of each once, and takes those off the map who were silent for long.
-- ARGV: worker id, after how many ms of silence a driver is stale (0: never), and is forgotten (0: never), how many are made
-- stale at the most, and how many are told of; 0 where it is not the time to tell: a fleet that falls silent at once must
-- not drive everything else out of the stream.
-- Answers 1 where there are more to be made stale.
local worker = ARGV[1]
local stale_ms, forget_ms, most, told = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

-- Each driver passes a line once in a silence. One that a clock which was set back has left in the future begins anew.
local function line(name)
  local at = noted(name)
  return at and at <= NOW and string.format('%.17g', at) or '-inf'
end

-- Who has reported last after the line and not after `upto`, {id, Unix ms, …}; and moves the line on. Of one millisecond all or
-- none are on a page.
local function page(name, upto, count)
  local from = line(name)
  local those = redis.call('ZRANGE', SEEN, from == '-inf' and from or '(' .. from, upto, 'BYSCORE', 'LIMIT', 0, count, 'WITHSCORES')
  if #those == 0 then return those end
  local last = those[#those]
  if #those / 2 == count then
    while #those > 0 and those[#those] == last do those[#those], those[#those - 1] = nil, nil end
    for _, driver in ipairs(redis.call('ZRANGE', SEEN, last, last, 'BYSCORE')) do
      those[#those + 1] = driver
      those[#those + 1] = last
    end
  end
  redis.call('HSET', SWEEP, name, last)
  return those
end

local function tell_of(kind, driver, seen)
  local place = redis.call('GEOPOS', DRIVERS, driver)[1]
  tell(kind, {'driver_id', driver, 'actor', worker, 'lat', place[2], 'lng', place[1],
    'reason', string.format('no report for %.0f s', (NOW - seen) / 1000)})
end

local more = 0
if stale_ms > 0 then
  local silent = page('stale_line', NOW - stale_ms, most)
  for i = 1, #silent, 2 do
    local driver = silent[i]
    if is_where_it_reported(FRESH, driver) then redis.call('ZADD', STALE, redis.call('ZSCORE', FRESH, driver), driver) end
    redis.call('ZREM', FRESH, driver)
  end
  if #silent / 2 >= most then more = 1 end
end

if told > 0 and stale_ms > 0 then
  local silent = page('told_line', line('stale_line'), told)
  for i = 1, #silent, 2 do
    if is_where_it_reported(STALE, silent[i]) then tell_of('stale', silent[i], silent[i + 1]) end
  end
end

if told > 0 and forget_ms > 0 then
  local silent = redis.call('ZRANGE', SEEN, '-inf', NOW - forget_ms, 'BYSCORE', 'LIMIT', 0, told, 'WITHSCORES')
  for i = 1, #silent, 2 do
    local driver = silent[i]
    if is_where_it_reported(STALE, driver) or is_where_it_reported(FRESH, driver) then
      tell_of('forgotten', driver, silent[i + 1])
      redis.call('ZREM', DRIVERS, driver)
    end
    unjudge(driver)
    redis.call('ZREM', SEEN, driver)
  end
end
return more
