-- Attempts the requests that are due. ARGV: worker id, how many at the most.
-- Answers {ms until the next is due or -1, how late in ms each was, the outcome of each}.
-- Taking and attempting are one script: a worker that dies can leave nothing half done, and two workers never take the same.
local worker, most = ARGV[1], tonumber(ARGV[2])
local SET_BACK_MS = 1000   -- nobody's heartbeat is so far ahead
local MOVED_AT_ONCE = 500  -- how many requests one script schedules anew

mend_lists()
-- Without a schedule, while requests wait, an external writer has taken it: the oldest are due now, the sweep brings the others.
if redis.call('EXISTS', DUE) == 0 and redis.call('EXISTS', QUEUE) == 1 then
  local refilled = {}
  for _, id in ipairs(redis.call('ZRANGE', QUEUE, 0, MOVED_AT_ONCE - 1)) do
    refilled[#refilled + 1], refilled[#refilled + 2] = NOW, id
  end
  redis.call('ZADD', DUE, unpack(refilled))
end
-- A clock that was set back leaves heartbeats and the schedule in what is the future now: all who wait are due, and scheduled
-- anew. That is done from the latest down to now, some in each script; any worker goes on from where the last one ended.
local latest = noted('due_line')
local newest = tonumber(redis.call('ZRANGE', WORKERS, -1, -1, 'WITHSCORES')[2] or 0)
if newest > NOW + SET_BACK_MS then
  latest = math.huge
  redis.call('HSET', SWEEP, 'due_line', 'inf')  -- noted before the heartbeats go by which it is known
  redis.call('DEL', WORKERS)
end
if latest then
  local ahead = redis.call('ZRANGE', DUE, string.format('%.17g', latest), NOW + SET_BACK_MS, 'BYSCORE', 'REV', 'LIMIT', 0, MOVED_AT_ONCE,
    'WITHSCORES')
  local moved = {}
  for i = 1, #ahead, 2 do moved[i], moved[i + 1] = NOW, ahead[i] end
  if #moved > 0 then redis.call('ZADD', DUE, unpack(moved)) end
  if #ahead / 2 < MOVED_AT_ONCE then
    redis.call('HDEL', SWEEP, 'due_line')
  else
    redis.call('HSET', SWEEP, 'due_line', ahead[#ahead])
  end
end
redis.call('ZADD', WORKERS, NOW, worker)
redis.call('ZREMRANGEBYSCORE', WORKERS, '-inf', NOW - WORKER_KEPT_MS)
local due = redis.call('ZRANGE', DUE, '-inf', NOW, 'BYSCORE', 'LIMIT', 0, most, 'WITHSCORES')
local late, outcomes = {}, {}
for i = 1, #due, 2 do
  if due[i]:find('^[1-9]%d*$') then
    -- A foreign score can be anything, and the beginning of time is no time at which it should have been.
    late[#late + 1] = due[i + 1] == '0' and 0 or math.min(NOW - due[i + 1], 1e12)
    outcomes[#outcomes + 1] = look_safely(due[i], worker, 'attempt')
  else
    forget(due[i])  -- no number of a request
  end
end
local next_due = redis.call('ZRANGE', DUE, 0, 0, 'WITHSCORES')[2]
return {next_due and math.max(0, next_due - NOW) or -1, late, outcomes}
