-- Opens requests. ARGV: for each its user id ('' for requestor_<id>), lat, lng, radius in m, lifetime in ms, interval in ms, the
-- hash of its ticket, the hash of its idempotency key, and for its rider and its client the name of the list of open requests
-- and how many there may be ('' if it has none); and at the end the actor. Returns for each one of
--   {id}                             it is open, or was opened by the same idempotency key before
--   {'', 'counter', found, highest}  the counter is no number that can be used; the highest id given, '' if that is not known
--   {'', 'exhausted', start}         ids above this one cannot be given
--   {'', 'taken', start, tries}      no free id was found from there on in so many tries
--   {'', 'rider' or 'client', ms}    it has as many requests open as it may; in so many ms that may change
--   {'', 'redis', why}               Redis refused something
-- A refusal concerns that request alone. An id whose key or record exists is passed over.
local actor = table.remove(ARGV)
local now = decimal(NOW)
local FIELDS = 12

-- A request is there as a whole or not at all; only its id is spent in any case.
local function open(user, lat, lng, radius, ttl, interval, ticket, key, rider, rider_bound, client, client_bound)
  DEED = nil  -- one that was refused before this one may have left it
  local opened = key ~= '' and request_of_key(key)
  if opened then
    if ticket ~= '' then add_ticket(opened, ticket) end
    return {opened}
  end
  local lists = {}
  for _, quota in ipairs({{'rider', rider, rider_bound}, {'client', client, client_bound}}) do
    local who, name, bound = unpack(quota)
    if name ~= '' then
      lists[#lists + 1] = PREFIX .. 'cabstand:open:' .. who .. ':' .. name
      local wait = wait_for_place(lists[#lists], tonumber(bound))
      if wait then return {'', who, decimal(wait)} end
    end
  end
  local id, refused = next_id(actor)
  if not id then return refused end
  if user == '' then user = 'requestor_' .. id end
  local expires_at = decimal(NOW + ttl)

  all_or_nothing(function(undo)
    redis.call('ZADD', DUE, now, id)
    undo[#undo + 1] = function() redis.call('ZREM', DUE, id) end
    redis.call('SET', request_key(id), '1', 'PX', ttl)
    undo[#undo + 1] = function() redis.call('DEL', request_key(id)) end
    if key ~= '' then
      undo[#undo + 1] = function() forget_key(key) end
      remember_key(key, id, ttl)
    end
    for _, list in ipairs(lists) do
      undo[#undo + 1] = function() redis.call('ZREM', list, id) end
      take_place(list, id, ttl)
    end
    DEED = DEED_NAME
    enter('opened', {'request_id', id, 'user_id', user, 'actor', actor, 'lat', lat, 'lng', lng, 'radius_m', radius,
      'expires_at', expires_at}, id, function(event)
      return {'user_id', user, 'lat', lat, 'lng', lng, 'radius_m', radius, 'created_at', now, 'expires_at', expires_at,
        'interval_ms', interval, 'attempts', '0', 'state', 'searching', 'life', event,
        unpack(ticket ~= '' and {'ticket_sha256', ticket} or {})}
    end)
  end)
  pcall(enlist, id, lng, lat, radius, NOW)  -- who is on the schedule comes onto the lists by an attempt at the latest
  return {id}
end

local answers = {}
pcall(forget_keys, 2 * #ARGV / FIELDS)  -- that can wait, and opening can't
for i = 1, #ARGV, FIELDS do
  local well, answer = pcall(open, unpack(ARGV, i, i + FIELDS - 1))
  answers[#answers + 1] = well and answer
    or {'', 'redis', type(answer) == 'table' and answer.err or tostring(answer)}
end
return answers
