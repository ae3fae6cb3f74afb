-- The next request id. Stands before `open.lua`.
-- An id is given once in a keyspace's life: also after a failover or a restart that lost the newest writes, and after somebody
-- deleted the counter or set it back. For that the hash IDS holds `highest`, the highest id that was given, `at`, when it was
-- given in Unix ms, and `server`, the server that gave it.

-- Above this a counter is refused: near 2^53 Lua and JSON begin to round whole numbers, and the steps below need some room.
local MAX_COUNTER = 9e15
-- After the server has changed, ids skip by this and by so many for each ms since the last opening that is known here. No Redis
-- opens 10 requests a ms, so whatever was given meanwhile, by any server that started from the same data, is below: lost
-- replication, lost writes and backups alike, however old. The fixed part covers clocks that differ by up to 100 s.
local MIN_SKIP = 1000000
local SKIP_PER_MS = 10
-- From an id that is taken the search goes on in steps that double: 40 of them pass over 10^12 ids.
local MAX_TRIES = 40

local function decimal(number) return string.format('%.0f', number) end

-- A whole number as Redis writes it, up to `most`; nil if the text is something else.
local function whole_number(text, most)
  local number = text and #text <= 16 and (text == '0' or text:find('^[1-9]%d*$')) and tonumber(text)
  return number and number <= most and number or nil
end

-- The counter, 0 if there is none; or nil and what stands there instead.
local function read_counter()
  local text = redis.pcall('GET', COUNTER)
  if not text then return 0 end
  if text.err then
    local kind = redis.call('TYPE', COUNTER).ok
    if kind == 'string' then raise(text) end
    return nil, 'a ' .. kind
  end
  local number = whole_number(text, MAX_COUNTER)
  if number then return number end
  return nil, text:sub(1, 64)
end

-- A restart gives a server another run id, a promotion another replication id. A region that moved to another node looks like a
-- failover, and skips once: that does no harm.
local function server_identity()
  local run_id = redis.call('INFO', 'server'):match('run_id:(%w+)') or ''
  local replication_id = redis.call('INFO', 'replication'):match('master_replid:(%w+)') or ''
  return run_id .. ' ' .. replication_id
end

-- From where the next id is looked for: above the counter and all that was given. Also why, if ids do not just go on.
local function start_of_search(counter, server)
  local note = unless_wrong_type(redis.pcall('HMGET', IDS, 'highest', 'at', 'server'), IDS, 'hash')
  if note and not note[1] and not note[2] and not note[3] then return counter end
  note = note or {}
  local highest, at = whole_number(note[1], 2^53), whole_number(note[2], 2^53)
  if not (highest and at and note[3]) then
    return math.max(counter, highest or 0) + MIN_SKIP, 'the note of the ids that were given was lost'
  end
  local start = math.max(counter, highest)
  if note[3] ~= server then
    local skip = MIN_SKIP + SKIP_PER_MS * math.max(NOW - at, 0)
    return start + skip, 'Redis was restarted or failed over, and may lack the newest requests'
  end
  return start, counter < highest and 'the counter request_id was set back' or nil
end

-- What is known of the ids while this script runs.
local ids

-- Gives the next free id, or nil and the answer that says why there is none. Nothing is written before all is known to be well.
local function next_id(actor)
  if not ids then
    local counter, found = read_counter()
    if not counter then
      local highest = redis.pcall('HGET', IDS, 'highest')
      highest = type(highest) == 'string' and whole_number(highest, MAX_COUNTER)
      return nil, {'', 'counter', found, highest and decimal(highest) or ''}
    end
    local server = server_identity()
    local start, why = start_of_search(counter, server)
    ids = {counter = counter, server = server, start = start, why = why}
  end
  if ids.start > MAX_COUNTER then return nil, {'', 'exhausted', decimal(ids.start)} end

  local id, step = ids.start + 1, 1
  while redis.call('EXISTS', request_key(decimal(id)), record_key(decimal(id))) > 0 do
    if step == 2 ^ (MAX_TRIES - 1) then return nil, {'', 'taken', decimal(ids.start), decimal(MAX_TRIES)} end
    id, step = id + step, step * 2
  end
  if ids.why then redis.call('XLEN', EVENTS) end  -- a stream of another type fails here, before anything is written

  if id == ids.counter + 1 then redis.call('INCR', COUNTER) else redis.call('SET', COUNTER, decimal(id)) end
  if ids.why then
    local skip = 'from ' .. decimal(ids.counter) .. ' to ' .. decimal(id) .. ': ' .. ids.why
    enter('skipped', {'actor', actor, 'reason', skip})
    redis.call('DEL', IDS)  -- there may be another type, or fields of somebody else's
  end
  redis.call('HSET', IDS, 'highest', decimal(id), 'at', decimal(NOW), 'server', ids.server)
  ids.counter, ids.start, ids.why = id, id, nil
  return decimal(id)
end
