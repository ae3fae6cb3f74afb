-- Moves events from their group into the outbox. ARGV: group, how many messages the outbox may hold, then for each entry of the
-- stream its id, the id of its event, and the body, '' for one that is not posted.
-- Acknowledging and putting are one script, so a death in between can neither lose a message nor make two of it; and whoever
-- comes late with an event that another member took over and has dealt with finds it acknowledged. Only where the group is
-- gone, and nothing in it can be acknowledged any more, everything is put. What has no room stays pending in the group.
local group, most = table.remove(ARGV, 1), tonumber(table.remove(ARGV, 1))
redis.pcall('HSET', COUNTS, 'outbox_max', string.format('%.0f', most))
local room = most - redis.call('ZCARD', OUTBOX)
local is_lost = false
local pending = redis.pcall('XPENDING', ENDS_STREAM, group)
if pending.err then
  is_lost = pending.err:find('NOGROUP', 1, true) ~= nil
  if not is_lost then return pending end
end

-- Puts a message for an entry, and acknowledges the entry last: if Redis refuses one of both, neither is done. Returns whether a
-- place was taken.
local function put(entry, id, body)
  local is_new = redis.call('ZADD', OUTBOX, 'NX', NOW, id) == 1
  local well, answer = pcall(function()
    if is_new then
      redis.call('HSET', message_key(id), 'body', body, 'tries', 0, 'since', NOW)
      redis.call('ZADD', SINCE, NOW, id)
    end
    return redis.call('XACK', ENDS_STREAM, group, entry) == 1 or is_lost
  end)
  if is_new and not (well and answer) then
    redis.pcall('ZREM', OUTBOX, id)
    redis.pcall('ZREM', SINCE, id)
    redis.pcall('DEL', message_key(id))
  end
  if not well then raise(answer) end
  return is_new and answer
end

for i = 1, #ARGV, 3 do
  local entry, id, body = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if body == '' then
    redis.call('XACK', ENDS_STREAM, group, entry)
  elseif room > 0 and put(entry, id, body) then
    room = room - 1
  end
end
