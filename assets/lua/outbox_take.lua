-- Takes messages that are due. ARGV: lease in ms, how many at the most.
-- Answers {now, ms until the next is due or -1, {event id, tries with this one, body}...}.
-- The next try is set to the lease's end: nobody else takes it meanwhile, and one whose taker dies comes back.

-- Whether a text is a whole number as Redis writes one: with no zero before it, and no greater than the greatest.
local function is_number(text, greatest)
  return (text == '0' or text:find('^[1-9]%d*$')) and (#text < #greatest or (#text == #greatest and text <= greatest))
end

-- Whether it is the id of an event: Unix ms, which this program holds in 64 bits with a sign, and a number of 64 without.
local function is_event(id)
  local at, seq = id:match('^(%d+)%-(%d+)$')
  return at and is_number(at, '9223372036854775807') and is_number(seq, '18446744073709551615')
end

local lease, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local answer = {NOW, -1}
for _, id in ipairs(redis.call('ZRANGE', OUTBOX, '-inf', NOW, 'BYSCORE', 'LIMIT', 0, most)) do
  local message = redis.pcall('HMGET', message_key(id), 'body', 'tries')
  if is_event(id) and not message.err and message[1] then
    local tries = (tonumber(message[2]) or 0) + 1
    redis.call('HSET', message_key(id), 'tries', tries)
    redis.call('HSETNX', message_key(id), 'since', NOW)
    redis.call('ZADD', OUTBOX, NOW + lease, id)
    answer[#answer + 1] = {id, tries, message[1]}
  else
    redis.call('ZREM', OUTBOX, id)  -- a foreign hand's, or its message is gone
  end
end
local next_due = redis.call('ZRANGE', OUTBOX, 0, 0, 'WITHSCORES')[2]
if next_due then answer[2] = math.ceil(math.max(0, next_due - NOW)) end
return answer
