-- An operator's hand on a request. Stands before the scripts of such hands.

local MOST_LEFT_MS = 31536000000  -- no request is given more than a year
local FARTHEST_MS = 9e18          -- a foreign hand can give one more: no time beyond this is told

-- Makes a change and then calls `record`, which writes the event: all or nothing. Returns what it returns. Each step is a command
-- with its `undo`, which is best of the same kind: that is permitted for sure.
local function change(steps, record)
  return all_or_nothing(function(undo)
    for i, step in ipairs(steps) do
      redis.call(unpack(step))
      undo[i] = function() redis.call(unpack(step.undo)) end
    end
    return record()
  end)
end

-- Whether a request can be acted on: answers nil where it searches, {'ended', state, who, when} where somebody else was first,
-- {'newer', state} where only a later version knows, or {'unknown'}; and whether it has a record, and one whose state is
-- damaged: that ends, and can do nothing else. A bare key of the article's own service has none.
local function refusal(id)
  local record = read_record(id, 'state', 'ended_by', 'ended_at')
  local state = record and state_of(id, record[1])
  if state == 'newer' then return {'newer', record[1]}, true end
  if ENDS[state] then return {'ended', state, record[2] or '', record[3] or ''}, true end
  if state then
    local ended = settle_by_key(id, FOREIGN_HAND)
    return ended and {'ended', ended, FOREIGN_HAND, string.format('%.0f', NOW)}, true, state == 'damaged'
  end
  local says = key_says(id)
  if says == 'cancelled' then return {'ended', 'cancelled', FOREIGN_HAND, ''}, false end
  return says ~= 'active' and {'unknown'} or nil, false
end

-- The same where a place is needed, which a bare key has not.
local function refusal_without_record(id)
  local refused, has_record, is_damaged = refusal(id)
  if not refused and not has_record then return {'foreign'} end
  if not refused and is_damaged then return {'damaged'} end
  return refused
end
