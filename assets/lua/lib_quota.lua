-- How many requests one rider, or one client, has open. Stands before `open.lua`.
-- A request is open while it searches, and after it has found a driver until its lifetime is up: else a caller whose requests are
-- found at once could take every driver. One that was cancelled or has expired is not open.
-- Each holder has a sorted set of request ids, by when they were opened. It is checked against the records when it is full, and
-- so it cannot drift from them; it never has more members than the bound.

local MAX_CHECKED = 200  -- as many as a bound may be

-- Until when a request counts as open, in Unix ms; nil if it is not open.
local function open_until(id)
  local record = read_record(id, 'state', 'expires_at')
  if not record then return nil end
  local state, expires_at = record[1], tonumber(record[2] or '')
  if not state or state == 'cancelled' or state == 'expired' then return nil end
  if state == 'searching' then return key_says(id) == 'active' and (expires_at or NOW + RECORD_KEPT_MS) or nil end
  return expires_at and expires_at > NOW and expires_at or nil
end

-- In how many ms there may be a place in this list; nil if there is one now.
local function wait_for_place(list, bound)
  if (read_own('zset', 'ZCARD', list) or 0) < bound then return nil end
  local open, first = 0, nil
  for _, id in ipairs(redis.call('ZRANGE', list, 0, MAX_CHECKED - 1)) do
    local till = open_until(id)
    if till then
      open, first = open + 1, math.min(first or till, till)
    else
      redis.call('ZREM', list, id)
    end
  end
  if open < bound then return nil end
  return math.max(first - NOW, 1)
end

-- The list outlasts the request's lifetime, and an extension of up to an hour.
local function take_place(list, id, lifetime)
  redis.call('ZADD', list, decimal(NOW), id)
  local kept = lifetime + RECORD_KEPT_MS
  if redis.call('PTTL', list) < kept then redis.call('PEXPIRE', list, decimal(kept)) end
end
