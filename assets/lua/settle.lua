-- Looks at requests out of their turn, because their key or the drivers have changed. ARGV: worker id, then request ids.
-- Answers the outcome of each. Attempts are not counted and the schedule stays.
local worker = table.remove(ARGV, 1)
local outcomes = {}
for i, id in ipairs(ARGV) do
  outcomes[i] = look(id, worker, false)
end
return outcomes
