-- Counts entries that left the stream before a group read them, and notes the count. KEYS: the stream, the hash of counts.
-- ARGV: group, how many entries were deleted after a member had taken them, '1' if the group is new, and how many entries the
-- stream keeps at least.
-- Returns how many were lost since the last call, or -1 for some whose number is not known.
-- Since Redis 7 the stream counts what was ever added, and the group what it has read. The group's count leaves out what was
-- trimmed before its turn; here it is set right, so that nothing is counted twice.
local STREAM, COUNTS = unpack(KEYS)
local group, deleted, is_new, kept = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1', tonumber(ARGV[4])

-- The values of a flat list by their names.
local function by_name(list)
  local fields = {}
  for i = 1, #list, 2 do fields[list[i]] = list[i + 1] end
  return fields
end

-- Whether a number is less than another, both as Redis writes them: they can be too great for Lua.
local function is_less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end

local function parts(id) return id:match('^(%d+)%-(%d+)$') end

-- Whether an entry's id stands before another one.
local function is_before(a, b)
  local a_ms, a_seq = parts(a)
  local b_ms, b_seq = parts(b)
  if a_ms ~= b_ms then return is_less(a_ms, b_ms) end
  return is_less(a_seq, b_seq)
end

-- The last id that stands before this one; nil if Lua cannot count so far.
local function id_before(id)
  local ms, seq = parts(id)
  if seq == '0' then return #ms < 16 and string.format('%.0f-18446744073709551615', ms - 1) or nil end
  return #seq < 16 and string.format('%s-%.0f', ms, seq - 1) or nil
end

-- What was lost since the last call: a number, -1, or 0.
local function trimmed()
  local groups = redis.pcall('XINFO', 'GROUPS', STREAM)
  if groups.err then return redis.call('EXISTS', STREAM) == 1 and raise(groups) or 0 end
  local own
  for _, list in ipairs(groups) do
    local one = by_name(list)
    if one.name == group then own = one end
  end
  if not own then return 0 end

  local stream = by_name(redis.call('XINFO', 'STREAM', STREAM))
  local last, newest, added = own['last-delivered-id'], stream['last-generated-id'], stream['entries-added']
  local first = stream.length > 0 and stream['first-entry'][1] or nil
  local is_behind = is_before(last, first or newest)
  if not added then
    -- Redis 6.2 counts neither. Entries before the first one can have been trimmed only if the stream is full.
    local mark = first and id_before(first)
    if not (is_behind and mark and stream.length >= kept and is_before(last, mark)) then return 0 end
    redis.call('XGROUP', 'SETID', STREAM, group, mark)
    return -1
  end

  -- What the group has passed, read or trimmed. In between that is not known.
  local passed = last == newest and added or is_behind and added - stream.length or nil
  local read = own['entries-read']
  if not passed or read == passed then return 0 end
  redis.call('XGROUP', 'SETID', STREAM, group, last, 'ENTRIESREAD', string.format('%.0f', passed))
  if read then return math.max(0, passed - read) end
  return is_behind and passed > 0 and not is_new and -1 or 0
end

local lost = trimmed()
if lost >= 0 then lost = lost + deleted end
if lost ~= 0 then
  redis.pcall('HINCRBY', COUNTS, 'lost_' .. group, math.max(lost, deleted))
  redis.pcall('HSET', COUNTS, 'lost_' .. group .. '_at', redis.call('TIME')[1])
end
return lost
