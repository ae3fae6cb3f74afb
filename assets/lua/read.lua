-- Reads requests as they stand, key and record at one moment. ARGV: request ids.
-- Answers {now, {id, what the key says, PTTL, the record's fields}...}; a record that is no hash answers {'damaged'}.
local answers = {string.format('%.0f', NOW)}
for _, id in ipairs(ARGV) do
  local fields = redis.pcall('HGETALL', record_key(id))
  if fields.err then fields = {'damaged'} end
  answers[#answers + 1] = {id, key_says(id), redis.call('PTTL', request_key(id)), fields}
end
return answers
