-- An operator's hand on a request. Stands before the scripts of such hands.

local MOST_LEFT_MS = 31536000000  -- no request is given more than a year

-- Whether a request can be acted on: answers nil where it searches, {'ended', state, who, when} where somebody else was first, or
-- {'unknown'}; and whether it has a record. A bare key of the article's own service has none.
local function refusal(id)
  local record = redis.pcall('HMGET', record_key(id), 'state', 'ended_by', 'ended_at')
  if not record.err and record[1] then
    if record[1] ~= 'searching' then return {'ended', record[1], record[2] or '', record[3] or ''}, true end
    local ended = settle_by_key(id, FOREIGN_HAND)
    return ended and {'ended', ended, FOREIGN_HAND, string.format('%.0f', NOW)}, true
  end
  local says = key_says(id)
  if says == 'cancelled' then return {'ended', 'cancelled', FOREIGN_HAND, ''}, false end
  return says ~= 'active' and {'unknown'} or nil, false
end

-- The same where a place is needed, which a bare key has not.
local function refusal_without_record(id)
  local refused, has_record = refusal(id)
  if not refused and not has_record then return {'foreign'} end
  return refused
end
