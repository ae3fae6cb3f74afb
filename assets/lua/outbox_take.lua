-- Takes messages that are due, and gives up those that are past their time without another try. ARGV: lease in ms, how many to
-- take at most, ms in the outbox after which a message is given up, and '1' for a probe: that takes the message with the fewest
-- tries, which tells most about the receiver.
-- Returns {now, ms until the next is due or -1, whether more may have to be given up, how many dead letters were trimmed,
-- {event id, tries, last error} of each that was given up, {event id, tries with this one, body} of each that was taken}.
-- The next try is set to the lease's end: nobody else takes it meanwhile, and one whose taker dies comes back.

local GIVEN_UP = 100  -- at most this many are given up at once, so that Redis is not held for long

-- Whether a text is a whole number as Redis writes one: with no zero before it, and no greater than the greatest.
local function is_number(text, greatest)
  return (text == '0' or text:find('^[1-9]%d*$')) and (#text < #greatest or (#text == #greatest and text <= greatest))
end

-- Whether it is the id of an event: Unix ms, which this program holds in 64 bits with a sign, and a number of 64 without.
local function is_event(id)
  local at, seq = id:match('^(%d+)%-(%d+)$')
  return at and is_number(at, '9223372036854775807') and is_number(seq, '18446744073709551615')
end

local lease, most, give_up, is_probe = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'
local trimmed, dead, due = 0, {}, {}

-- A message that is past its time goes to the dead letters. If Redis refuses that, it stays where it is, and is not tried.
local function give_up_on(id, tries, why, body)
  local is_done, count = pcall(bury, id, tries, why, body)
  if is_done then
    trimmed = trimmed + count
    dead[#dead + 1] = {id, tries, why}
  end
end

-- Reads a message that is due. One that is no hash is an external writer's, or it is gone; any other error leaves it as it is.
local function examine(id)
  local message = redis.pcall('HMGET', message_key(id), 'body', 'tries', 'since', 'error')
  message = unless_wrong_type(message, message_key(id), 'hash')
  if not is_event(id) or not message or not message[1] then
    redis.call('ZREM', OUTBOX, id)
    redis.call('ZREM', SINCE, id)
    return
  end
  local body, tries, since = message[1], tonumber(message[2]) or 0, tonumber(message[3])
  if since and NOW >= since + give_up then
    give_up_on(id, tries, message[4] or 'its time was up before its turn came', body)
  else
    due[#due + 1] = {id = id, tries = tries, body = body}
  end
end

-- What is past its time comes first, however many younger ones are due before it. One that is being tried just now is left.
for _, id in ipairs(redis.call('ZRANGE', SINCE, '-inf', NOW - give_up, 'BYSCORE', 'LIMIT', 0, GIVEN_UP)) do
  local next_try = tonumber(redis.call('ZSCORE', OUTBOX, id) or '')
  if not next_try then
    redis.call('ZREM', SINCE, id)
  elseif next_try <= NOW then
    examine(id)
  end
end
due = {}
for _, id in ipairs(redis.call('ZRANGE', OUTBOX, '-inf', NOW, 'BYSCORE', 'LIMIT', 0, most + GIVEN_UP)) do
  if #dead >= GIVEN_UP or (#due >= most and most > 0 and not is_probe) then break end
  examine(id)
end
if is_probe then table.sort(due, function(a, b) return a.tries < b.tries end) end

local taken = {}
for i = 1, math.min(most, #due) do
  local id, tries = due[i].id, due[i].tries + 1
  redis.call('HSET', message_key(id), 'tries', tries)
  redis.call('HSETNX', message_key(id), 'since', NOW)
  redis.call('ZADD', OUTBOX, NOW + lease, id)
  taken[i] = {id, tries, due[i].body}
end
local next_due = redis.call('ZRANGE', OUTBOX, 0, 0, 'WITHSCORES')[2]
local wait = next_due and math.ceil(math.max(0, next_due - NOW)) or -1
return {NOW, wait, #dead >= GIVEN_UP and 1 or 0, trimmed, dead, taken}
