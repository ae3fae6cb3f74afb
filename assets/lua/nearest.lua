-- The nearest available drivers to each of several places; reads only. ARGV: radius in m, then lng, lat and how many of each.
-- Answers for each place a flat list of id, metres and geohash of each driver, nearest first.
strikes_off = false
local radius = tonumber(ARGV[1])
local answers, ids = {}, {}
for i = 2, #ARGV, 3 do
  local found = nearest(ARGV[i], ARGV[i + 1], radius, tonumber(ARGV[i + 2]))
  for _, driver in ipairs(found) do ids[#ids + 1] = driver[1] end
  answers[#answers + 1] = found
end
local scores, next_one = #ids > 0 and redis.call('ZMSCORE', DRIVERS, unpack(ids)) or {}, 1
for i, found in ipairs(answers) do
  local told = {}
  for j, driver in ipairs(found) do
    told[3 * j - 2], told[3 * j - 1], told[3 * j] = driver[1], driver[2], scores[next_one]
    next_one = next_one + 1
  end
  answers[i] = told
end
return answers
