-- Looks at requests out of their turn. ARGV: worker id, 'drivers' because drivers have moved or 'key' because the request's
-- own key has changed, then request ids. Answers the outcome of each. Attempts are not counted and the schedule stays.
local worker, why = table.remove(ARGV, 1), table.remove(ARGV, 1)
local outcomes = {}
for i, id in ipairs(ARGV) do
  outcomes[i] = look_safely(id, worker, why)
end
return outcomes
