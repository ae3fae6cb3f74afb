-- Reads requests as they stand, key and record at one moment. ARGV: request ids.
-- Answers {now, {id, what the key says, PTTL, the record's fields}...}; a record that is no hash answers {'damaged'}.
local answers = {string.format('%.0f', NOW)}
for _, id in ipairs(ARGV) do
  local fields = unless_wrong_type(redis.pcall('HGETALL', record_key(id)), record_key(id), 'hash') or {'damaged'}
  local says = key_says(id)
  answers[#answers + 1] = {id, says, redis.call('PTTL', request_key(id)), fields}
end
return answers
