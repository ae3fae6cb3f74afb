-- An operator's hand on a request. Stands before the scripts of such hands.

local MOST_LEFT_MS = 31536000000  -- no request is given more than a year
local FARTHEST_MS = 9e18          -- a foreign hand can give one more: no time beyond this is told

-- Makes a change and then calls `record`, which writes the event. Redis keeps what a script has done before it fails. So the event
-- comes last, and if it or a step fails, the steps before it are taken back and the error is returned, for the script to return it.
-- Each step is a command with its `undo`, which is best of the same kind: that is permitted for sure.
local function change(steps, record)
  local done, failed = 0, nil
  for i, step in ipairs(steps) do
    local answer = redis.pcall(unpack(step))
    failed = type(answer) == 'table' and answer.err and answer or nil
    if failed then break end
    done = i
  end
  if not failed then
    local well, why = pcall(record)
    if well then return nil end
    failed = type(why) == 'table' and why or redis.error_reply(why)
  end
  for i = done, 1, -1 do redis.pcall(unpack(steps[i].undo)) end
  return failed
end

-- Whether a request can be acted on: answers nil where it searches, {'ended', state, who, when} where somebody else was first,
-- {'newer', state} where only a later version knows, or {'unknown'}; and whether it has a record, and one whose state is
-- damaged: that ends, and can do nothing else. A bare key of the article's own service has none.
local function refusal(id)
  local record = redis.pcall('HMGET', record_key(id), 'state', 'ended_by', 'ended_at')
  local state = not record.err and state_of(id, record[1]) or nil
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
