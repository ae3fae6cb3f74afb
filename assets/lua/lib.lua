-- Stands before every script: names for the keys, the clock, and the rules that several scripts share.
-- A state changes only here in Redis, inside one script, on Redis' own clock.

local DRIVERS, COUNTER, DUE, WAITING, SEEN, EVENTS, WORKERS = unpack(KEYS)
local PREFIX = table.remove(ARGV, 1)

local RECORD_KEPT_MS = 3600000    -- a record is kept for an hour after its end
local CANCELLED_KEPT_MS = 60000   -- a cancelled key lives for a minute, as in the article
local WORKER_KEPT_MS = 60000      -- a worker that was not heard of for a minute is struck off
local EVENTS_KEPT = 100000        -- about so many events stay in the stream
local FIRST_RADIUS_M = 50         -- where the search for the nearest driver begins

-- What counts as true or false in a key: the words that the article's service reads (strconv.ParseBool).
local ACTIVE = {['1'] = true, t = true, T = true, ['true'] = true, TRUE = true, True = true}
local CANCELLED = {['0'] = true, f = true, F = true, ['false'] = true, FALSE = true, False = true}

local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)

local function request_key(id) return PREFIX .. id end
local function record_key(id) return PREFIX .. 'cabstand:request:' .. id end

-- One entry in the stream. `fields` is a flat list; a pair without a value is left out.
local function tell(kind, fields)
  local entry = {'type', kind}
  for i = 1, #fields, 2 do
    if fields[i + 1] ~= '' then
      entry[#entry + 1] = fields[i]
      entry[#entry + 1] = fields[i + 1]
    end
  end
  redis.call('XADD', EVENTS, 'MAXLEN', '~', EVENTS_KEPT, '*', unpack(entry))
end

-- What the article's key says: 'gone', 'active', 'cancelled', or 'other' where it holds something else.
local function key_says(id)
  local key = request_key(id)
  local kind = redis.call('TYPE', key).ok
  if kind == 'none' then return 'gone' end
  if kind ~= 'string' then return 'other' end
  local value = redis.call('GET', key)
  if ACTIVE[value] then return 'active' end
  return CANCELLED[value] and 'cancelled' or 'other'
end

local function forget(id)
  redis.call('ZREM', DUE, id)
  redis.call('ZREM', WAITING, id)
end

-- Ends a request that is still searching: record, key, schedule and stream, all at once.
-- `driver` and `distance_m` belong to 'found' and are '' otherwise.
local function finish(id, state, actor, driver, distance_m, reason)
  local record = record_key(id)
  local was = redis.call('HMGET', record, 'user_id', 'lat', 'lng', 'attempts', 'created_at')
  redis.call('HSET', record, 'state', state, 'ended_at', NOW, 'ended_by', actor)
  if driver ~= '' then redis.call('HSET', record, 'driver_id', driver, 'distance_m', distance_m) end
  redis.call('PEXPIRE', record, RECORD_KEPT_MS)
  forget(id)

  local key = request_key(id)
  if state ~= 'cancelled' then
    redis.call('DEL', key)
  elseif key_says(id) ~= 'cancelled' or redis.call('PTTL', key) < 0 then
    redis.call('SET', key, '0', 'PX', CANCELLED_KEPT_MS)
  end
  tell(state, {
    'request_id', id, 'user_id', was[1] or '', 'driver_id', driver, 'actor', actor, 'lat', was[2] or '', 'lng', was[3] or '',
    'distance_m', distance_m, 'attempts', was[4] or '', 'waited_ms', NOW - (tonumber(was[5]) or NOW), 'reason', reason})
end

-- Ends a request whose key has ended by a foreign hand or by time. Answers the state it ended in, or nil where it goes on.
local function settle_by_key(id, actor)
  local says = key_says(id)
  if says == 'active' then return nil end
  if says == 'gone' then
    finish(id, 'expired', actor, '', '', '')
    return 'expired'
  end
  finish(id, 'cancelled', actor, '', '', 'by its key')
  return 'cancelled'
end

-- The nearest available drivers, nearest first, each {id, metres}. The circle grows from 50 m until it holds enough:
-- the same answer as one search of the whole circle, without reading everybody in it.
local function nearest(lng, lat, radius_m, count)
  local radius = math.min(FIRST_RADIUS_M, radius_m)
  while true do
    local found = redis.call('GEOSEARCH', DRIVERS, 'FROMLONLAT', lng, lat, 'BYRADIUS', radius, 'm', 'ASC', 'COUNT', count, 'WITHDIST')
    if #found >= count or radius >= radius_m then return found end
    radius = math.min(radius * 2, radius_m)
  end
end

-- Looks at one searching request: ends it where its key has ended, gives it the nearest driver where there is one.
-- `why` is 'schedule': the attempt is counted and told, and the next one is set; 'drivers': a look in between, because drivers
-- have moved, which leaves the schedule alone; 'key': the same without looking for a driver.
-- Answers {id, outcome, user_id, lat, lng, driver, metres, on_schedule}.
local function look(id, worker, why)
  local on_schedule = why == 'schedule'
  local record = redis.pcall('HMGET', record_key(id), 'state', 'user_id', 'lat', 'lng', 'radius_m', 'interval_ms', 'attempts', 'expires_at')
  if record.err or record[1] ~= 'searching' then
    forget(id)
    return {id, 'gone'}
  end
  local user, lat, lng = record[2], record[3], record[4]
  local radius, interval = tonumber(record[5]), tonumber(record[6])
  if not (user and tonumber(lat) and tonumber(lng) and radius and interval) then
    forget(id)
    return {id, 'damaged'}
  end
  local ended = settle_by_key(id, worker)
  if ended then return {id, ended, user, lat, lng} end

  if on_schedule then
    redis.call('HINCRBY', record_key(id), 'attempts', 1)
    redis.call('HSET', record_key(id), 'last_attempt_at', NOW)
  end
  local driver = why ~= 'key' and nearest(lng, lat, radius, 1)[1]
  if driver then
    redis.call('ZREM', DRIVERS, driver[1])
    finish(id, 'found', worker, driver[1], driver[2], '')
    return {id, 'found', user, lat, lng, driver[1], driver[2], on_schedule and '1' or '0'}
  end

  -- The key's TTL is the deadline, whoever set it last. One millisecond later it is gone for sure.
  local left = redis.call('PTTL', request_key(id))
  local expires_at = left >= 0 and NOW + left or nil
  local recorded = tonumber(record[8])
  -- Written only where it differs: every write is a notification, which brings the next look.
  local differs = recorded ~= expires_at
  if expires_at and recorded then differs = math.abs(expires_at - recorded) > 20 end
  if differs then redis.call('HSET', record_key(id), 'expires_at', expires_at or '') end
  if on_schedule then
    local next_at = NOW + interval
    if expires_at then next_at = math.min(next_at, expires_at + 1) end
    redis.call('ZADD', DUE, next_at, id)
    tell('attempted', {'request_id', id, 'user_id', user, 'actor', worker, 'lat', lat, 'lng', lng,
      'attempts', (tonumber(record[7]) or 0) + 1, 'reason', 'no driver within ' .. math.floor(radius) .. ' m'})
  elseif expires_at then
    redis.call('ZADD', DUE, 'LT', expires_at + 1, id)
  end
  return {id, 'searching', user, lat, lng, '', '', on_schedule and '1' or '0'}
end
