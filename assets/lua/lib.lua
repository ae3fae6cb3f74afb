-- Stands before every script: names for the keys, the clock, and the rules that several scripts share.
-- A state changes only here in Redis, inside one script, on Redis' own clock.

local DRIVERS, COUNTER, DUE, WAITING, SEEN, EVENTS, WORKERS = unpack(KEYS)
local PREFIX = table.remove(ARGV, 1)

local RECORD_KEPT_MS = 3600000    -- a record is kept for an hour after its end
local CANCELLED_KEPT_MS = 60000   -- a cancelled key lives for a minute, as in the article
local WORKER_KEPT_MS = 60000      -- a worker that was not heard of for a minute is struck off
local EVENTS_KEPT = 100000        -- about so many events stay in the stream
local FIRST_RADIUS_M = 50         -- where the search for the nearest driver begins
local DEADLINE_SLACK_MS = 20      -- a deadline that is off by no more than this is the same
local RETRY_MS = 1000             -- a look that failed is tried again after this
local FOREIGN_HAND = 'redis'      -- the actor of what was done by a foreign command on the key

-- What counts as true or false in a key: the words that the article's service reads (strconv.ParseBool).
local ACTIVE = {['1'] = true, t = true, T = true, ['true'] = true, TRUE = true, True = true}
local CANCELLED = {['0'] = true, f = true, F = true, ['false'] = true, FALSE = true, False = true}

local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)

local function request_key(id) return PREFIX .. id end
local function record_key(id) return PREFIX .. 'cabstand:request:' .. id end

-- One entry in the stream; answers its id. `fields` is a flat list; a pair without a value is left out.
local function tell(kind, fields)
  local entry = {'type', kind}
  for i = 1, #fields, 2 do
    if fields[i + 1] ~= '' then
      entry[#entry + 1] = fields[i]
      entry[#entry + 1] = fields[i + 1]
    end
  end
  return redis.call('XADD', EVENTS, 'MAXLEN', '~', EVENTS_KEPT, '*', unpack(entry))
end

-- What the article's key says: 'active', 'cancelled', 'other' where it is a string with any other word in it, or 'gone',
-- which a key of another type is too: it cannot be a request's. Under a record 'other' counts as cancelled, as the article's
-- service takes it for not active; without one it is somebody else's string, and no request.
local function key_says(id)
  local key = request_key(id)
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'string' then return 'gone' end
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

  -- A key that holds something of somebody else's is left alone.
  local key, says = request_key(id), key_says(id)
  if state ~= 'cancelled' then
    if says == 'active' then redis.call('DEL', key) end
  elseif says == 'active' or (says == 'cancelled' and redis.call('PTTL', key) < 0) then
    redis.call('SET', key, '0', 'PX', CANCELLED_KEPT_MS)
  end
  local event = tell(state, {
    'request_id', id, 'user_id', was[1] or '', 'driver_id', driver, 'actor', actor, 'lat', was[2] or '', 'lng', was[3] or '',
    'distance_m', distance_m, 'attempts', was[4] or '', 'waited_ms', NOW - (tonumber(was[5]) or NOW), 'reason', reason})
  -- Who comes late to hear of the end can tell by this whether it was told already.
  redis.call('HSET', record, 'end_event', event)
end

-- Ends a request whose key has ended by a foreign hand or by time. Answers the state it ended in, or nil where it goes on.
-- Time is noticed by the worker, and the end is its own. What a foreign hand did is nobody's here: its name is not known.
local function settle_by_key(id, worker)
  local says = key_says(id)
  if says == 'active' then return nil end
  if says ~= 'gone' then
    finish(id, 'cancelled', FOREIGN_HAND, '', '', 'by its key')
    return 'cancelled'
  end
  local deadline = tonumber(redis.call('HGET', record_key(id), 'expires_at') or '')
  if deadline and deadline <= NOW + DEADLINE_SLACK_MS then
    finish(id, 'expired', worker, '', '', '')
  else
    finish(id, 'expired', FOREIGN_HAND, '', '', 'by its key')
  end
  return 'expired'
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

local function is_within(text, least, most)
  local number = tonumber(text or '')
  return number and number >= least and number <= most  -- NaN is not
end

-- Whether a request can be attempted with what its record holds. Foreign hands write there too, and a radius that is no
-- number would keep the search for a driver going for ever.
local function is_sound(user, lat, lng, radius, interval, attempts)
  return user and is_within(lat, -85.05112878, 85.05112878) and is_within(lng, -180, 180)
    and is_within(radius, 0, 2e7) and tonumber(radius) > 0 and is_within(interval, 1, 1e12)
    and attempts and #attempts <= 15 and attempts:find('^%d+$')
end

-- When a request has to be looked at for its key's end: one millisecond later it is gone for sure. Nil without a TTL.
local function end_of_key(id)
  local left = redis.call('PTTL', request_key(id))
  return left >= 0 and NOW + left + 1 or nil
end

-- A damaged request is not attempted, but it still ends with its key.
local function put_off(id)
  local at = end_of_key(id)
  if at then redis.call('ZADD', DUE, at, id) else forget(id) end
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
  -- The end by the key comes first: it needs no field, so a damaged request has it as well.
  local ended = settle_by_key(id, worker)
  if ended then return {id, ended, user or '', lat or '', lng or ''} end
  if not is_sound(user, lat, lng, record[5], record[6], record[7]) then
    if why ~= 'drivers' then put_off(id) end
    return {id, 'damaged'}
  end
  local radius, interval = tonumber(record[5]), tonumber(record[6])

  if on_schedule then
    redis.call('HINCRBY', record_key(id), 'attempts', 1)
    redis.call('HSET', record_key(id), 'last_attempt_at', NOW)
  end
  -- A request's first driver is its first attempt's, which is due at once: no sweep comes before it.
  local wants_driver = on_schedule or (why == 'drivers' and record[7] ~= '0')
  local driver = wants_driver and nearest(lng, lat, radius, 1)[1]
  if driver then
    redis.call('ZREM', DRIVERS, driver[1])
    finish(id, 'found', worker, driver[1], driver[2], '')
    return {id, 'found', user, lat, lng, driver[1], driver[2], on_schedule and '1' or '0'}
  end

  -- The key's TTL is the deadline, whoever set it last.
  local key_end = end_of_key(id)
  local expires_at = key_end and key_end - 1
  local recorded = tonumber(record[8])
  -- Written only where it differs: every write is a notification, which brings the next look.
  local differs = recorded ~= expires_at
  if expires_at and recorded then differs = not (math.abs(expires_at - recorded) <= DEADLINE_SLACK_MS) end
  if differs then redis.call('HSET', record_key(id), 'expires_at', expires_at or '') end
  if on_schedule then
    local next_at = NOW + interval
    if key_end then next_at = math.min(next_at, key_end) end
    redis.call('ZADD', DUE, next_at, id)
    tell('attempted', {'request_id', id, 'user_id', user, 'actor', worker, 'lat', lat, 'lng', lng,
      'attempts', tonumber(record[7]) + 1, 'reason', 'no driver within ' .. math.floor(radius) .. ' m'})
  elseif key_end then
    redis.call('ZADD', DUE, 'LT', key_end, id)
  end
  return {id, 'searching', user, lat, lng, '', '', on_schedule and '1' or '0'}
end

-- The same, where the others in a round must go on: what Redis refuses for one request is that one's answer, {id, 'failed',
-- why}, and not the end of the script. Otherwise one odd record, standing first in the schedule, would hold up all behind it.
local function look_safely(id, worker, why)
  local well, answer = pcall(look, id, worker, why)
  if well then return answer end
  if why == 'schedule' then redis.call('ZADD', DUE, NOW + RETRY_MS, id) end
  return {id, 'failed', type(answer) == 'table' and answer.err or tostring(answer)}
end
