-- Stands before every script: names for the keys, the clock, how a request is listed and how it ends.
-- A state changes only here in Redis, inside one script, on Redis' own clock. It changes once, from searching to an end; the only
-- way back is an operator's who takes a cancel back while its key still says so (`reopen.lua`).

local DRIVERS, COUNTER, DUE, WAITING, SEEN, EVENTS, WORKERS, QUEUE, REACH, SWEEP, FRESH, STALE, IDS, IDEMPOTENCY,
  IDEMPOTENCY_ENDS, ENDS_STREAM = unpack(KEYS)
local PREFIX = table.remove(ARGV, 1)

local RECORD_KEPT_MS = 3600000    -- a record is kept for an hour after its end
local CANCELLED_KEPT_MS = 60000   -- a cancelled key lives for a minute, as in the article
local WORKER_KEPT_MS = 60000      -- a worker that was not heard of for a minute is struck off
local EVENTS_KEPT = 100000        -- about so many events stay in the stream
local ENDS_KEPT = 100000          -- the stream of ends keeps about this many of its own
local LIFE_KEPT = 64              -- so many events of a request are noted in its record, the newest
local LIFE_READ = 4096            -- of the note, which a foreign hand may have made long, so many bytes are read
local DEADLINE_SLACK_MS = 20      -- a deadline that is off by no more than this is the same
local FOREIGN_HAND = 'redis'      -- the actor of what was done by a foreign command on the key
local LONGEST_TOLD = 1024         -- of what a record holds, so many bytes are told in an event

-- What counts as true or false in a key: the words that the article's service reads (strconv.ParseBool).
local ACTIVE = {['1'] = true, t = true, T = true, ['true'] = true, TRUE = true, True = true}
local CANCELLED = {['0'] = true, f = true, F = true, ['false'] = true, FALSE = true, False = true}

local time = redis.call('TIME')
local NOW_US = time[1] * 1000000 + time[2]
local NOW = math.floor(NOW_US / 1000)

local function request_key(id) return PREFIX .. id end
local function record_key(id) return PREFIX .. 'cabstand:request:' .. id end

-- These fields of a record; nil if the record's key is no hash.
local function read_record(id, ...)
  return unless_wrong_type(redis.pcall('HMGET', record_key(id), ...), record_key(id), 'hash')
end

-- What a record says of its state, as it was read there: 'searching', one of the ends, 'newer' where a later version has put a
-- word that this one does not know, 'damaged' where there is something else or nothing; nil where there is no record.
local ENDS = {found = true, cancelled = true, expired = true}
local function state_of(id, state)
  if state == 'searching' or ENDS[state] then return state end
  if state and #state <= 32 and state:find('^%l[%l_]*$') then return 'newer' end
  return redis.call('EXISTS', record_key(id)) == 1 and 'damaged' or nil
end

-- The note of a request's events, with one more. Ids are 16 bytes or more with the space between them: only a note that is
-- longer than those of all that are kept, which a foreign hand may have made it, is read.
local function life_with(life, event)
  if not life or life == '' then return event end
  if #life + 1 + #event <= 16 * LIFE_KEPT and life:find('^[%d- ]*$') then return life .. ' ' .. event end
  local ids = {}
  for noted in (' ' .. life):sub(-LIFE_READ):gmatch(' (%d+%-%d+)') do ids[#ids + 1] = noted end
  ids[#ids + 1] = event
  return table.concat(ids, ' ', math.max(1, #ids - LIFE_KEPT + 1))
end

-- The name of an operator's deed while it is being done (see `lib_deed.lua`): what is told meanwhile is told of it.
local DEED

-- These events also go into the stream of ends, which does not share its bound with attempts and reports. Readers who must
-- not miss the end of a request (webhook, riders) read it there.
local MUST_BE_DELIVERED = {found = true, expired = true, cancelled = true, reopened = true}

-- Makes sure that the stream of ends can be written, before anything is done. A key of another type is no stream of ours: it is
-- deleted. No entry has the id that is deleted then; it shows that the key may be written.
local function prepare_ends()
  local kind = redis.call('TYPE', ENDS_STREAM).ok
  if kind ~= 'stream' and kind ~= 'none' then redis.call('DEL', ENDS_STREAM) end
  redis.call('XDEL', ENDS_STREAM, '0-1')
end

-- Adds an event to the stream of ends, under the same id. The stream refuses the id if it already has a later one: `EVENTS` was
-- deleted, say, and the clock set back. Then the entry gets the next id there is, and names its event. If there is no next id
-- either, an external writer has used up the last one, and the stream begins anew.
local function add_end(event, entry)
  local function add(id) return redis.pcall('XADD', ENDS_STREAM, 'MAXLEN', '~', ENDS_KEPT, id, unpack(entry)) end
  local function is_about_ids(refusal)
    return refusal.err:find('equal or smaller', 1, true) or refusal.err:find('exhausted', 1, true)
  end
  local added = add(event)
  if added.err and is_about_ids(added) then
    entry[#entry + 1] = 'event'
    entry[#entry + 1] = event
    added = add('*')
    if added.err and is_about_ids(added) then
      redis.call('DEL', ENDS_STREAM)
      added = add(event)
    end
  end
  if added.err then raise(added) end
end

-- Writes an entry into the stream of events; returns its id and the entry. `fields` is a flat list; a pair without a value is left
-- out, and of one that an external writer has made long only the beginning is kept. But a driver's id is needed as it is.
local function write_event(kind, fields)
  local entry = {'type', kind}
  for i = 1, #fields, 2 do
    local name, value = fields[i], fields[i + 1]
    if value ~= '' then
      if type(value) == 'string' and #value > LONGEST_TOLD and name ~= 'driver_id' then value = value:sub(1, LONGEST_TOLD) end
      entry[#entry + 1] = name
      entry[#entry + 1] = value
    end
  end
  if DEED then
    entry[#entry + 1] = 'deed'
    entry[#entry + 1] = DEED
  end
  return redis.call('XADD', EVENTS, 'MAXLEN', '~', EVENTS_KEPT, '*', unpack(entry)), entry
end

-- Takes an event back that was written by this very script: nobody has read it yet.
local function withdraw(event)
  redis.call('XDEL', EVENTS, event)
end

-- Sets fields of a record, given as a flat list. Returns a function that takes them back.
local function set_fields(id, fields)
  local names = {}
  for i = 1, #fields, 2 do names[#names + 1] = fields[i] end
  local before = redis.call('HMGET', record_key(id), unpack(names))
  redis.call('HSET', record_key(id), unpack(fields))
  return function()
    for i, name in ipairs(names) do
      if before[i] then redis.call('HSET', record_key(id), name, before[i]) else redis.call('HDEL', record_key(id), name) end
    end
  end
end

-- Runs `steps`, all of them or none: Redis takes nothing back of a script that fails. `steps` gets a list, and adds to it after
-- each step a function that takes the step back.
local function all_or_nothing(steps)
  -- Redis looks for free memory at a script's first write alone, and only if that one can need some, as this one can. It changes
  -- nothing: no request has this id.
  local tried = redis.pcall('ZADD', DUE, 'XX', 0, '0')
  if type(tried) == 'table' and tried.err and tried.err:find('OOM', 1, true) then raise(tried) end
  local undo = {}
  local well, answer = pcall(steps, undo)
  if well then return answer end
  for i = #undo, 1, -1 do pcall(undo[i]) end
  raise(answer)
end

-- Writes an event, and with an `id` sets fields of that request's record by it: all or nothing. `fields_for` returns the flat list of
-- the fields. What must be delivered goes into the stream of ends last: readers count there, and nothing is taken back.
local function enter(kind, fields, id, fields_for)
  if not MUST_BE_DELIVERED[kind] then
    local event = write_event(kind, fields)
    local answer = id and redis.pcall('HSET', record_key(id), unpack(fields_for(event)))
    if type(answer) == 'table' and answer.err then
      withdraw(event)
      raise(answer)
    end
    return event
  end
  prepare_ends()
  return all_or_nothing(function(undo)
    local event, entry = write_event(kind, fields)
    undo[1] = function() withdraw(event) end
    if id then undo[2] = set_fields(id, fields_for(event)) end
    add_end(event, entry)
    return event
  end)
end

-- Writes an event, and notes it in the record of its request, so that a request's history can be read without reading the whole
-- stream. A request without a record gets none by it.
local function tell(kind, fields)
  for i = 1, #fields, 2 do
    if fields[i] == 'request_id' then
      local id = fields[i + 1]
      local record = read_record(id, 'state', 'life')
      if record and record[1] then
        return enter(kind, fields, id, function(event) return {'life', life_with(record[2], event)} end)
      end
    end
  end
  return enter(kind, fields)
end

-- A time or place that the workers have noted for one another. A key of another type, which only a foreign hand can have put
-- there, is thrown away.
local function noted(name)
  local at = unless_wrong_type(redis.pcall('HGET', SWEEP, name), SWEEP, 'hash')
  if at == nil then redis.call('DEL', SWEEP) end
  at = tonumber(at or '')
  return at == at and at or nil  -- NaN is not
end

-- Whether a driver is on the map where the last report put it, as this set of ours (FRESH or STALE) has noted. If not, a
-- foreign hand or an operator has set it elsewhere since, and our reports do not speak for it.
local function is_where_it_reported(set, driver)
  local noted = redis.call('ZSCORE', set, driver)
  return noted and noted == redis.call('ZSCORE', DRIVERS, driver)
end

-- Our reports do not speak for this driver any more: it was taken, or set somewhere by hand. A list that a foreign hand has
-- spoilt, which `attempt.lua` mends, breaks off nothing half way.
local function unjudge(driver)
  redis.pcall('ZREM', FRESH, driver)
  redis.pcall('ZREM', STALE, driver)
end

-- What the article's key says: 'active', 'cancelled', 'other' if it is a string with any other word in it, or 'gone', which a
-- key of another type is too: it can't be a request's. And the string itself. Under a record 'other' counts as cancelled, as the
-- article's service takes it for not active; without one it is somebody else's string, and no request.
local function key_says(id)
  local value = unless_wrong_type(redis.pcall('GET', request_key(id)), request_key(id), 'string')
  if not value then return 'gone' end
  if ACTIVE[value] then return 'active', value end
  return CANCELLED[value] and 'cancelled' or 'other', value
end

-- Gives the article's key what an end has there. A key that holds something of somebody else's is left alone. Returns a function
-- that takes it back, or nil if nothing was changed.
local function end_key(id, state)
  local key, says, value = request_key(id), key_says(id)
  local left = redis.call('PTTL', key)
  if state == 'cancelled' and (says == 'active' or (says == 'cancelled' and left < 0)) then
    redis.call('SET', key, '0', 'PX', CANCELLED_KEPT_MS)
  elseif state ~= 'cancelled' and says == 'active' then
    redis.call('DEL', key)
  else
    return nil
  end
  return function() redis.call('SET', key, value, unpack(left > 0 and {'PX', left} or {})) end
end

-- Waiting requests stand in classes by their radius, each class a GEO set that is named after its upper bound in metres, a power of
-- two. So whoever looks for those whose radius reaches a place searches each class no wider than the radii in it.
local SMALLEST_CLASS, LARGEST_CLASS = 6, 25  -- the powers: below 64 m, and up to any radius that there can be

local function class_of(radius)
  local _, power = math.frexp(math.min(radius, 2e7))
  return math.max(power, SMALLEST_CLASS)
end

local function class_key(class)
  return PREFIX .. string.format('cabstand:reach:%d', 2 ^ class)
end

-- Lists a request among the waiting: by its place, by its age, and by how far away its driver may be. The age is the Unix ms
-- of its opening; the fraction keeps those of one millisecond apart.
local function enlist(id, lng, lat, radius, created_at)
  redis.call('GEOADD', WAITING, lng, lat, id)
  redis.call('ZADD', QUEUE, created_at + (id % 4096) / 4096, id)
  local key, before = class_key(class_of(tonumber(radius))), tonumber(redis.call('ZSCORE', REACH, id) or '')
  if before ~= tonumber(radius) then redis.call('ZADD', REACH, radius, id) end
  if before and class_key(class_of(before)) ~= key then redis.pcall('ZREM', class_key(class_of(before)), id) end
  -- What an external writer has put in the place of a class is thrown away.
  if type(redis.pcall('GEOADD', key, lng, lat, id)) == 'table' then
    if redis.call('TYPE', key).ok ~= 'zset' then redis.call('DEL', key) end
    redis.call('GEOADD', key, lng, lat, id)
  end
end

-- Takes a request off a list; returns whether it was there. A list of another type is mended by `attempt.lua`.
local function take_off(list, id)
  return unless_wrong_type(redis.pcall('ZREM', list, id), list, 'zset') == 1
end

-- Takes a request off all lists, off the schedule last: as long as one of the others can't be written it stays there, and the next
-- attempt tries again.
local function forget(id)
  local radius = unless_wrong_type(redis.pcall('ZSCORE', REACH, id), REACH, 'zset')
  local in_class = radius and take_off(class_key(class_of(tonumber(radius))), id)
  local was_listed = false
  for _, list in ipairs({WAITING, QUEUE, REACH, DUE}) do
    if take_off(list, id) then was_listed = true end
  end
  if in_class or not was_listed then return end
  -- An external writer has changed its radius on the list, so it can stand in any class.
  for class = SMALLEST_CLASS, LARGEST_CLASS do take_off(class_key(class), id) end
end

-- What an end leaves to be done: the record lives for an hour more, and the request comes off the lists.
local function tidy_up(id)
  if redis.call('PTTL', record_key(id)) == -1 then redis.call('PEXPIRE', record_key(id), RECORD_KEPT_MS) end
  forget(id)
end

-- Ends a request that is still searching: key, stream and record, all or none of them. What is left then can wait: if Redis
-- refuses it, the next attempt finds the request on the schedule and does it.
-- `found` is nil, or the driver that was reserved for the request: {id, metres, lng, lat}. `attempted` is nil, or what an attempt
-- has found while the key is active: the fields of the record as they are read here, and a flat list of those to be set.
local function finish(id, state, actor, found, reason, attempted)
  local was = attempted or redis.call('HMGET', record_key(id), 'user_id', 'lat', 'lng', 'attempts', 'created_at', 'life')
  found = found or {'', '', '', ''}
  local set = attempted and attempted.set or {}
  for _, value in ipairs({'state', state, 'ended_at', NOW, 'ended_by', actor}) do set[#set + 1] = value end
  if found[1] ~= '' then
    for _, value in ipairs({'driver_id', found[1], 'distance_m', found[2]}) do set[#set + 1] = value end
  end
  all_or_nothing(function(undo)
    undo[1] = end_key(id, state)
    enter(state, {
      'request_id', id, 'user_id', was[1] or '', 'driver_id', found[1], 'actor', actor, 'lat', was[2] or '', 'lng', was[3] or '',
      'driver_lat', found[4], 'driver_lng', found[3], 'distance_m', found[2], 'attempts', was[4] or '', 'opened_at', was[5] or '',
      'waited_ms', NOW - (tonumber(was[5]) or NOW), 'reason', reason}, id, function(event)
      -- A late reader of this end compares its own event with this one.
      for _, value in ipairs({'end_event', event, 'life', life_with(was[6], event)}) do set[#set + 1] = value end
      return set
    end)
  end)
  pcall(tidy_up, id)
end

-- Gives a driver to a request, which ends by it. The driver is reserved first: an end that is told has its driver, and no other
-- request can get it. Returns false if the driver can't be had.
local function give(id, actor, driver, metres, reason, attempted)
  local at, score = redis.call('GEOPOS', DRIVERS, driver)[1], redis.call('ZSCORE', DRIVERS, driver)
  if not at or redis.call('ZREM', DRIVERS, driver) ~= 1 then return false end
  all_or_nothing(function(undo)
    undo[1] = function() redis.call('ZADD', DRIVERS, score, driver) end
    finish(id, 'found', actor, {driver, metres, at[1], at[2]}, reason, attempted)
  end)
  unjudge(driver)
  return true
end

-- Ends a request whose key has ended by a foreign hand or by time. Answers the state it ended in, or nil where it goes on.
-- Time is noticed by the worker, and the end is its own. What a foreign hand did is nobody's here: its name is not known.
local function settle_by_key(id, worker)
  local says = key_says(id)
  if says == 'active' then return nil end
  if says ~= 'gone' then
    finish(id, 'cancelled', FOREIGN_HAND, nil, 'by its key')
    return 'cancelled'
  end
  local deadline = tonumber(redis.call('HGET', record_key(id), 'expires_at') or '')
  if deadline and deadline <= NOW + DEADLINE_SLACK_MS then
    finish(id, 'expired', worker, nil, '')
  else
    finish(id, 'expired', FOREIGN_HAND, nil, 'by its key')
  end
  return 'expired'
end
