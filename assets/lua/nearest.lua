-- The nearest available drivers to each of several places; reads only. ARGV: radius in m, how many, then lng and lat of each.
-- Answers for each place a list of {id, metres, geohash, lng, lat}, nearest first.
local radius, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local answers = {}
for i = 3, #ARGV, 2 do
  local found = nearest(ARGV[i], ARGV[i + 1], radius, count)
  for _, driver in ipairs(found) do
    driver[3] = redis.call('ZSCORE', DRIVERS, driver[1])
    local place = redis.call('GEOPOS', DRIVERS, driver[1])[1]
    driver[4], driver[5] = place[1], place[2]
  end
  answers[#answers + 1] = found
end
return answers
