-- A part of a sweep: a look at all who wait, oldest first, because drivers have moved and nobody says which.
-- However many workers there are, they make one sweep together: how far it has come stands in Redis. A sweep begins at most
-- once in `every`, and of that time only `budget` is spent on it; where this does not suffice, the next turn goes on.
-- ARGV: worker id, how long ago in us it heard what it wants looked into, every in ms, budget in ms, how many at the most.
-- Answers {in how many ms to come again, how many us ago the sweep began that is complete or -1 where none is, outcomes}.
local worker = ARGV[1]
local heard_at, every, budget, most = NOW_US - ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local began, turn, after = noted('began_us'), noted('turn_at'), noted('after')

-- A clock that was set back makes the past look like the future.
if began and began > NOW_US then began = nil end
if turn and turn > NOW then turn = nil end
if not began then after = nil end

if began and not after and heard_at < began then return {0, NOW_US - began, {}} end
if not turn or NOW - turn >= every then
  turn = NOW
  redis.call('HSET', SWEEP, 'turn_at', turn)
elseif not after or NOW - turn > budget then
  return {turn + every - NOW, -1, {}}
end
if not after then
  began = NOW_US
  redis.call('HSET', SWEEP, 'began_us', string.format('%.0f', began))
end

local from = after and '(' .. string.format('%.17g', after) or '-inf'
local page = redis.call('ZRANGE', QUEUE, from, '+inf', 'BYSCORE', 'LIMIT', 0, most, 'WITHSCORES')
local outcomes = {}
for i = 1, #page, 2 do outcomes[#outcomes + 1] = look_safely(page[i], worker, 'sweep') end
if #page / 2 == most then
  redis.call('HSET', SWEEP, 'after', page[#page])
  return {0, -1, outcomes}
end
redis.call('HDEL', SWEEP, 'after')
return {turn + every - NOW, NOW_US - began, outcomes}
