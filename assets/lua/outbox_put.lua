-- Moves events from their group into the outbox. ARGV: group, then event id and body in turns, '' for one that is not posted.
-- Acknowledging and putting are one script, so a death in between can neither lose a message nor make two of it; and whoever
-- comes late with an event that another member took over and has dealt with finds it acknowledged. Only where the group is
-- gone, and nothing in it can be acknowledged any more, everything is put.
local group = table.remove(ARGV, 1)
local is_lost = redis.pcall('XPENDING', EVENTS, group).err
for i = 1, #ARGV, 2 do
  local id, body = ARGV[i], ARGV[i + 1]
  local is_ours = redis.call('XACK', EVENTS, group, id) == 1
  if body ~= '' and (is_ours or is_lost) and redis.call('ZADD', OUTBOX, 'NX', NOW, id) == 1 then
    redis.call('HSET', message_key(id), 'body', body, 'tries', 0)
  end
end
