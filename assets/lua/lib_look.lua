-- Looking at one waiting request. Stands before the scripts that do.

local RETRY_MS = 1000   -- a look that failed is tried again after this
local STALE_TOLD = 20   -- stale drivers who were passed over are counted up to so many

-- What a foreign hand has put in the place of a list of ours is thrown away: reports, attempts and workers fill it again.
local function mend_lists()
  for _, list in ipairs({DUE, WAITING, QUEUE, REACH, FRESH, STALE, SEEN, WORKERS}) do
    local kind = redis.call('TYPE', list).ok
    if kind ~= 'zset' and kind ~= 'none' then redis.call('DEL', list) end
  end
end

-- Lua reads more as a number than this program does, "0x10" and "nan" for example: nobody writes such.
local function is_between(text, least, most)
  local number = text and text:find('^[%d.eE+-]+$') and tonumber(text)
  return number and number >= least and number <= most
end

local function is_whole(text, least, most)
  return text and text:find('^%d+$') and is_between(text, least, most)
end

-- Whether a request can be attempted with what its record holds. Foreign hands write there too, and a radius that is no
-- number would keep the search for a driver going for ever. The limits are those of `reply.rs`: what is shown as damaged is
-- what is not attempted.
local function is_sound(user, lat, lng, radius, interval, attempts, created_at)
  return user and user ~= '' and #user <= LONGEST_TOLD
    and is_between(lat, -85.05112878, 85.05112878) and is_between(lng, -180, 180)
    and is_between(radius, 0, 2e7) and tonumber(radius) > 0 and is_whole(interval, 1, 1e12)
    and is_whole(attempts, 0, 999999999999999) and is_whole(created_at, 0, 9e15)
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

-- The key's TTL as the deadline, whoever set it last, as fields of the record to be set: none where it differs from what is
-- recorded by no more than a trifle.
local function deadline_to_set(key_end, recorded)
  local expires_at = key_end and key_end - 1
  local same = recorded == expires_at
  if expires_at and recorded then same = math.abs(expires_at - recorded) <= DEADLINE_SLACK_MS end
  return same and {} or {'expires_at', expires_at and string.format('%.0f', expires_at) or ''}
end

-- The driver for a request at this place: the one at hand where it is near enough, or else the nearest, {id, metres}.
local function driver_for(lng, lat, radius, at_hand)
  if not at_hand then return nearest(lng, lat, radius, 1)[1] end
  local metres = metres_between(lng, lat, at_hand.lng, at_hand.lat)
  if metres <= radius then return {at_hand.driver, string.format('%.4f', metres)} end
end

-- Why an attempt was in vain.
local function vain_reason(stale, radius)
  local whom = stale == 0 and 'no driver' or stale == 1 and 'only 1 stale driver' or 'only ' .. stale .. ' stale drivers'
  if stale >= STALE_TOLD then whom = STALE_TOLD .. ' or more stale drivers' end
  return whom .. string.format(' within %.0f m', radius)
end

-- Looks at one searching request: ends it where its key has ended, gives it the nearest driver where there is one.
-- `why` is 'attempt', which the schedule brings: it is counted and told, and the next one is set; 'key': no driver is looked
-- for; or any other reason to look for a driver in between, which leaves the schedule alone. Then `at_hand` may be the driver
-- {driver, lng, lat} who has brought it, and is the only one that is not known to be none for this request. But a request's
-- first look for a driver is its first attempt, whatever brought it.
-- Answers {id, outcome, driver, metres}.
local function look(id, actor, why, at_hand)
  local record = read_record(id, 'state', 'user_id', 'lat', 'lng', 'radius_m', 'interval_ms', 'attempts', 'expires_at',
    'created_at', 'life')
  local state = record and state_of(id, record[1])
  if state == 'newer' then
    -- It is left as it is to a worker of that version, which may be there, too.
    if why == 'attempt' then redis.call('ZADD', DUE, 'XX', NOW + RETRY_MS, id) end
    return {id, 'newer', record[1]}
  end
  if not state then
    forget(id)
    return {id, 'gone'}
  end
  if ENDS[state] then
    tidy_up(id)
    return {id, 'gone'}
  end
  local user, lat, lng, attempts = record[2], record[3], record[4], record[7]
  -- The end by the key comes first: it needs no field, so a damaged request has it as well.
  local ended = settle_by_key(id, actor)
  if ended then return {id, ended} end
  if state == 'damaged' or not is_sound(user, lat, lng, record[5], record[6], attempts, record[9]) then
    if why == 'attempt' or why == 'key' then put_off(id) end
    return {id, 'damaged'}
  end
  local radius, interval = tonumber(record[5]), tonumber(record[6])
  if why ~= 'key' and attempts == '0' then why, at_hand = 'attempt', nil end

  -- An attempt's marks in the record are set together with what comes of it: one write, one notification.
  local marks = {}
  if why == 'attempt' then
    attempts = string.format('%d', attempts + 1)
    marks = {'attempts', attempts, 'last_attempt_at', NOW}
  end
  local driver = why ~= 'key' and driver_for(lng, lat, radius, at_hand)
  local attempted = {user, lat, lng, attempts, record[9], record[10], set = marks}
  if driver and give(id, actor, driver[1], driver[2], why, attempted) then
    return {id, 'found', driver[1], driver[2]}
  end

  local key_end = end_of_key(id)
  local set = deadline_to_set(key_end, tonumber(record[8]))
  if why == 'attempt' then
    local stale = stale_within(lng, lat, radius, STALE_TOLD)
    enter('attempted', {'request_id', id, 'user_id', user, 'actor', actor, 'lat', lat, 'lng', lng,
      'attempts', attempts, 'radius_m', record[5], 'stale', stale, 'reason', vain_reason(stale, radius)}, id, function(event)
      return {'attempts', attempts, 'last_attempt_at', NOW, 'life', life_with(record[10], event), unpack(set)}
    end)
    local next_at = NOW + interval
    if key_end then next_at = math.min(next_at, key_end) end
    redis.call('ZADD', DUE, next_at, id)
    pcall(enlist, id, lng, lat, radius, tonumber(record[9]) or NOW)  -- who was taken off the lists by a foreign hand comes back
    return {id, 'searching'}
  end
  if #set > 0 then redis.call('HSET', record_key(id), unpack(set)) end
  -- One that an external writer has taken off the schedule comes back.
  redis.call('ZADD', DUE, 'NX', NOW + interval, id)
  if key_end then redis.call('ZADD', DUE, 'LT', key_end, id) end
  return {id, 'searching'}
end

-- The same, where the others in a round must go on: what Redis refuses for one request is that one's answer, {id, 'failed',
-- why}, and not the end of the script. Otherwise one odd record, standing first in the schedule, would hold up all behind it.
local function look_safely(id, actor, why, at_hand)
  local well, answer = pcall(look, id, actor, why, at_hand)
  if well then return answer end
  if why == 'attempt' then redis.call('ZADD', DUE, NOW + RETRY_MS, id) end
  return {id, 'failed', type(answer) == 'table' and answer.err or tostring(answer)}
end
