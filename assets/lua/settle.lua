-- Looks at the keys of requests that have changed: ends those whose key has ended, takes over a new deadline. No driver is
-- given away. ARGV: worker id, then request ids. Answers the outcome of each.
local worker = table.remove(ARGV, 1)
local outcomes = {}
for i, id in ipairs(ARGV) do
  outcomes[i] = look_safely(id, worker, 'key')
end
return outcomes
