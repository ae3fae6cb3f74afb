-- Reads requests as they stand, key and record at one moment. ARGV: request ids.
-- Answers {now, {id, what the key says, PTTL, the record's fields}...}; a record that is no hash answers {'damaged'}.
-- Of a record only the fields that are known are read: an external writer can have added any number. One that has none of them,
-- which is damaged, answers one without a name.
local FIELDS = {'user_id', 'lat', 'lng', 'radius_m', 'created_at', 'expires_at', 'interval_ms', 'attempts', 'last_attempt_at', 'state',
  'driver_id', 'distance_m', 'ended_at', 'ended_by', 'end_event', 'reopened'}
local answers = {string.format('%.0f', NOW)}
for _, id in ipairs(ARGV) do
  local values = unless_wrong_type(redis.pcall('HMGET', record_key(id), unpack(FIELDS)), record_key(id), 'hash')
  local fields = {}
  for i, value in ipairs(values or {}) do
    if value then fields[#fields + 1], fields[#fields + 2] = FIELDS[i], value end
  end
  if not values then
    fields = {'damaged'}
  elseif #fields == 0 and redis.call('EXISTS', record_key(id)) == 1 then
    fields = {'', ''}
  end
  local says = key_says(id)
  answers[#answers + 1] = {id, says, redis.call('PTTL', request_key(id)), fields}
end
return answers
