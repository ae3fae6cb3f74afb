-- Drivers who have fallen silent: tells once of each that has become stale, and takes those off the map who were silent for long.
-- ARGV: worker id, after how many ms of silence a driver is forgotten (0: never), how many at the most of each.
-- Answers how many there were.
local worker, forget_ms, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local count = 0

local function tell_of(kind, driver, seen)
  local place = redis.call('GEOPOS', DRIVERS, driver)[1]
  if not place then return end  -- taken, or gone otherwise
  tell(kind, {'driver_id', driver, 'actor', worker, 'lat', place[2], 'lng', place[1],
    'reason', string.format('no report for %.0f s', (NOW - seen) / 1000)})
end

if forget_ms > 0 then
  local silent = redis.call('ZRANGE', SEEN, '-inf', NOW - forget_ms, 'BYSCORE', 'LIMIT', 0, most, 'WITHSCORES')
  for i = 1, #silent, 2 do
    tell_of('forgotten', silent[i], silent[i + 1])
    redis.call('ZREM', DRIVERS, silent[i])
    redis.call('ZREM', SEEN, silent[i])
  end
  count = #silent / 2
end

if STALE_MS > 0 then
  -- Each passes this line once in a silence. Those of the last millisecond on a full page are taken together.
  local line = redis.call('HGET', SWEEP, 'stale_line') or '-inf'
  local from = line == '-inf' and line or '(' .. line
  local stale = redis.call('ZRANGE', SEEN, from, NOW - STALE_MS, 'BYSCORE', 'LIMIT', 0, most, 'WITHSCORES')
  if #stale / 2 == most then
    local last, rest = stale[#stale], {}
    for i = 1, #stale, 2 do
      if stale[i + 1] ~= last then rest[#rest + 1], rest[#rest + 2] = stale[i], stale[i + 1] end
    end
    for _, driver in ipairs(redis.call('ZRANGE', SEEN, last, last, 'BYSCORE')) do
      rest[#rest + 1], rest[#rest + 2] = driver, last
    end
    stale = rest
  end
  for i = 1, #stale, 2 do tell_of('stale', stale[i], stale[i + 1]) end
  if #stale > 0 then redis.call('HSET', SWEEP, 'stale_line', stale[#stale]) end
  count = count + #stale / 2
end
return count
