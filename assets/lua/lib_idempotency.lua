-- Which request an `Idempotency-Key` has opened. Stands before `open.lua`.
-- Keys are hashes of what the caller sent. The hash IDEMPOTENCY holds key → request id, the sorted set IDEMPOTENCY_ENDS until when
-- each is kept at least, in Unix ms. Beyond that a key is kept as long as the record, whoever extends that: it is looked up, and
-- so no deadline that is moved has to be copied here.

local KEY_KEPT_MS = 86400000
local CHECK_AGAIN_MS = 3600000
local MAX_TICKETS = 8

-- Reads a key of ours. If another program has put another type there, the key is deleted, and the answer is nil.
local function read_own(kind, command, key, ...)
  local answer = unless_wrong_type(redis.pcall(command, key, ...), key, kind)
  if answer == nil then redis.call('DEL', key) end
  return answer
end

local function has_record(id) return redis.call('EXISTS', record_key(id)) == 1 end

-- The request that this key has opened; nil if there is none any more.
local function request_of_key(key)
  local id = read_own('hash', 'HGET', IDEMPOTENCY, key)
  if not id or not id:find('^[1-9]%d*$') then return nil end
  local kept_until = tonumber(read_own('zset', 'ZSCORE', IDEMPOTENCY_ENDS, key) or '')
  if kept_until and kept_until <= NOW and not has_record(id) then return nil end
  return id
end

local function remember_key(key, id, lifetime)
  redis.call('HSET', IDEMPOTENCY, key, id)
  local kept = math.max(KEY_KEPT_MS, lifetime + RECORD_KEPT_MS)
  redis.call('ZADD', IDEMPOTENCY_ENDS, decimal(NOW + kept), key)
end

local function forget_key(key)
  redis.call('HDEL', IDEMPOTENCY, key)
  redis.call('ZREM', IDEMPOTENCY_ENDS, key)
end

-- Forgets up to `most` keys whose time is up and whose record is gone. Each opening adds one key at most and has two looked at.
local function forget_keys(most)
  local due = read_own('zset', 'ZRANGEBYSCORE', IDEMPOTENCY_ENDS, '-inf', decimal(NOW), 'LIMIT', 0, most) or {}
  for _, key in ipairs(due) do
    local id = read_own('hash', 'HGET', IDEMPOTENCY, key)
    if id and has_record(id) then
      redis.call('ZADD', IDEMPOTENCY_ENDS, decimal(NOW + CHECK_AGAIN_MS), key)
    else
      forget_key(key)
    end
  end
end

-- One more ticket for a request, beside the newest of those that it has. A record that is gone needs none.
local function add_ticket(id, ticket)
  local noted = unless_wrong_type(redis.pcall('HGET', record_key(id), 'ticket_sha256'), record_key(id), 'hash')
  if type(noted) ~= 'string' then return end
  local tickets = {}
  for one in noted:sub(-MAX_TICKETS * (#ticket + 1)):gmatch('%S+') do tickets[#tickets + 1] = one end
  tickets[#tickets + 1] = ticket
  local newest = table.concat(tickets, ' ', math.max(1, #tickets - MAX_TICKETS + 1))
  redis.call('HSET', record_key(id), 'ticket_sha256', newest)
end
