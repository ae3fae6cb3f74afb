-- Strikes off a group who is gone. KEYS: the stream. ARGV: group, ms of silence after which a member is gone, and the name of
-- the one who leaves now or ''. Asking and striking off are one script: what is pending for a member goes with its name, so
-- one that has taken something meanwhile must stay. Redis lists the members of a group only as a whole; it is asked when one joins or leaves,
-- and those who are gone do not gather.
local group, gone, leaving = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local members = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], group)
if members.err then
  -- Without the group, or the stream, there are no members.
  if members.err:find('NOGROUP', 1, true) or members.err:find('no such key', 1, true) then return end
  return members
end
for _, pairs_of in ipairs(members) do
  local member = {}
  for i = 1, #pairs_of, 2 do member[pairs_of[i]] = pairs_of[i + 1] end
  if member.pending == 0 and (member.idle > gone or member.name == leaving) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], group, member.name)
  end
end
