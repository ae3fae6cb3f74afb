-- Attempts the requests that are due. ARGV: worker id, how many at the most.
-- Answers {ms until the next is due or -1, how late in ms each was, the outcome of each}.
-- Taking and attempting are one script: a worker that dies can leave nothing half done, and two workers never take the same.
local worker, most = ARGV[1], tonumber(ARGV[2])

mend_lists()
redis.call('ZADD', WORKERS, NOW, worker)
redis.call('ZREMRANGEBYSCORE', WORKERS, '-inf', NOW - WORKER_KEPT_MS)
local due = redis.call('ZRANGE', DUE, '-inf', NOW, 'BYSCORE', 'LIMIT', 0, most, 'WITHSCORES')
local late, outcomes = {}, {}
for i = 1, #due, 2 do
  if due[i]:find('^[1-9]%d*$') then
    late[#late + 1] = math.min(NOW - due[i + 1], 1e12)  -- a foreign score can be anything
    outcomes[#outcomes + 1] = look_safely(due[i], worker, 'attempt')
  else
    forget(due[i])  -- no number of a request
  end
end
local next_due = redis.call('ZRANGE', DUE, 0, 0, 'WITHSCORES')[2]
return {next_due and math.max(0, next_due - NOW) or -1, late, outcomes}
