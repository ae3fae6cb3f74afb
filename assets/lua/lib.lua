-- Stands before every script: names for the keys, the clock, how a request is listed and how it ends.
-- A state changes only here in Redis, inside one script, on Redis' own clock. It changes once, from searching to an end; the only
-- way back is an operator's who takes a cancel back while its key still says so (`reopen.lua`).

local DRIVERS, COUNTER, DUE, WAITING, SEEN, EVENTS, WORKERS, QUEUE, REACH, SWEEP, FRESH, STALE, ENDS_STREAM = unpack(KEYS)
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
  if not life then return event end
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

-- Makes sure that the stream of ends can be written, before anything is told. Redis does not undo what a script has done before
-- it fails, and an end that cannot be delivered must be none. A key of another type is no stream of ours: it is deleted.
local function prepare_ends()
  local kind = redis.call('TYPE', ENDS_STREAM).ok
  if kind ~= 'stream' and kind ~= 'none' then redis.call('DEL', ENDS_STREAM) end
end

-- Adds an event to the stream of ends, under the same id. The stream refuses the id if it already has a later one: `EVENTS` was
-- deleted, say, and the clock set back. Then the entry gets the next id there is, and names its event. If there is no next id
-- either, an external writer has used up the last one, and the stream begins anew.
local function add_end(event, entry)
  local function add(id) return redis.pcall('XADD', ENDS_STREAM, 'MAXLEN', '~', ENDS_KEPT, id, unpack(entry)) end
  if not add(event).err then return end
  entry[#entry + 1] = 'event'
  entry[#entry + 1] = event
  if not add('*').err then return end
  redis.call('DEL', ENDS_STREAM)
  local added = add(event)
  if added.err then error(added) end
end

-- One entry in the stream; returns its id. `fields` is a flat list; a pair without a value is left out, and of one that an
-- external writer has made long only the beginning is kept. But a driver's id is needed as it is.
local function enter(kind, fields)
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
  if MUST_BE_DELIVERED[kind] then prepare_ends() end
  local event = redis.call('XADD', EVENTS, 'MAXLEN', '~', EVENTS_KEPT, '*', unpack(entry))
  if MUST_BE_DELIVERED[kind] then add_end(event, entry) end
  return event
end

-- The same, and notes the event in the record of its request, so that a request's life can be read without reading the whole
-- stream. One without a record gets none by it.
local function tell(kind, fields)
  local event = enter(kind, fields)
  for i = 1, #fields, 2 do
    if fields[i] == 'request_id' then
      local record = redis.pcall('HMGET', record_key(fields[i + 1]), 'state', 'life')
      if not record.err and record[1] then
        redis.call('HSET', record_key(fields[i + 1]), 'life', life_with(record[2], event))
      end
    end
  end
  return event
end

-- A time or place that the workers have noted for one another. A key of another type, which only a foreign hand can have put
-- there, is thrown away.
local function noted(name)
  local at = redis.pcall('HGET', SWEEP, name)
  if type(at) == 'table' then
    redis.call('DEL', SWEEP)
    return nil
  end
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

-- What the article's key says: 'active', 'cancelled', 'other' where it is a string with any other word in it, or 'gone',
-- which a key of another type is too: it cannot be a request's. Under a record 'other' counts as cancelled, as the article's
-- service takes it for not active; without one it is somebody else's string, and no request.
local function key_says(id)
  local value = redis.pcall('GET', request_key(id))
  if not value then return 'gone' end
  if value.err then
    -- It cannot be read because it is no string, or else nothing is known of it.
    return redis.call('TYPE', request_key(id)).ok == 'string' and error(value) or 'gone'
  end
  if ACTIVE[value] then return 'active' end
  return CANCELLED[value] and 'cancelled' or 'other'
end

-- Lists a request among the waiting: by its place, by its age, and by how far away its driver may be. The age is the Unix ms
-- of its opening; the fraction keeps those of one millisecond apart.
local function enlist(id, lng, lat, radius, created_at)
  redis.call('GEOADD', WAITING, lng, lat, id)
  redis.call('ZADD', QUEUE, created_at + (id % 4096) / 4096, id)
  redis.call('ZADD', REACH, radius, id)
end

-- A list that a foreign hand has spoilt must not break off the end of a request half way; `attempt.lua` mends it.
local function forget(id)
  for _, list in ipairs({DUE, WAITING, QUEUE, REACH}) do redis.pcall('ZREM', list, id) end
end

-- Ends a request that is still searching: stream, record, schedule and key, all at once. The stream comes first: Redis does
-- not take back what a script has done before it fails, and an end that cannot be told must be none.
-- `driver` and `distance_m` belong to 'found' and are '' otherwise. `attempted` is nil, or what an attempt has found while the
-- key is active: the fields of the record as they are read here, and a flat list of those to be set.
local function finish(id, state, actor, driver, distance_m, reason, attempted)
  local record = record_key(id)
  local was = attempted or redis.call('HMGET', record, 'user_id', 'lat', 'lng', 'attempts', 'created_at', 'life')
  local at = driver ~= '' and redis.call('GEOPOS', DRIVERS, driver)[1] or {'', ''}
  -- Who comes late to hear of the end can tell by the event whether it was told already.
  local event = enter(state, {
    'request_id', id, 'user_id', was[1] or '', 'driver_id', driver, 'actor', actor, 'lat', was[2] or '', 'lng', was[3] or '',
    'driver_lat', at[2], 'driver_lng', at[1], 'distance_m', distance_m, 'attempts', was[4] or '', 'opened_at', was[5] or '',
    'waited_ms', NOW - (tonumber(was[5]) or NOW), 'reason', reason})
  local set = attempted and attempted.set or {}
  for _, value in ipairs({'state', state, 'ended_at', NOW, 'ended_by', actor, 'end_event', event, 'life', life_with(was[6], event)}) do
    set[#set + 1] = value
  end
  if driver ~= '' then
    for _, value in ipairs({'driver_id', driver, 'distance_m', distance_m}) do set[#set + 1] = value end
  end
  redis.call('HSET', record, unpack(set))
  redis.call('PEXPIRE', record, RECORD_KEPT_MS)
  forget(id)

  -- A key that holds something of somebody else's is left alone.
  local key, says = request_key(id), attempted and 'active' or key_says(id)
  if state ~= 'cancelled' then
    if says == 'active' then redis.call('DEL', key) end
  elseif says == 'active' or (says == 'cancelled' and redis.call('PTTL', key) < 0) then
    redis.call('SET', key, '0', 'PX', CANCELLED_KEPT_MS)
  end
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
