-- Attempts the requests that are due. ARGV: worker id, how many at the most.
-- Answers {ms until the next is due or -1, how late in ms each was, the outcome of each}.
-- Taking and attempting are one script: a worker that dies can leave nothing half done, and two workers never take the same.
local worker, most = ARGV[1], tonumber(ARGV[2])
local SET_BACK_MS = 1000  -- nobody's heartbeat is so far ahead

mend_lists()
-- A clock that was set back has left heartbeats and the schedule in what is the future now: all who wait are due, and scheduled anew.
local newest = tonumber(redis.call('ZRANGE', WORKERS, -1, -1, 'WITHSCORES')[2] or 0)
if newest > NOW + SET_BACK_MS then
  redis.call('ZUNIONSTORE', DUE, 1, DUE, 'WEIGHTS', 0)
  redis.call('DEL', WORKERS)
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
