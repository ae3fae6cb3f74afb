-- The drivers around a place; reads only. ARGV: lng, lat, radius in m, how many at the most.
-- Answers {how many within the radius could be had, how many are stale, {id, metres, geohash, lng, lat, when seen or '', 1 where
-- stale}...}, those nearest first and also beyond the radius. The cost does not follow the number of those within it.
local lng, lat, radius, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local COUNTED = 100       -- so many are counted
local UNJUDGED_READ = 300 -- so many are read to count those whom no report of ours speaks for
local FARTHEST_M = 100000 -- so far is looked for the nearest

local function count_of(set, kind, read)
  local counted = 0
  for _, judged in ipairs(judge(some_of(set, lng, lat, radius, read))) do
    if judged == kind then counted = counted + 1 end
  end
  return counted
end

local stale = stale_within(lng, lat, radius, COUNTED)
local free = count_of(FRESH, 'fresh', COUNTED)
if free < COUNTED then free = math.min(COUNTED, free + count_of(DRIVERS, 'unjudged', UNJUDGED_READ)) end

local near = nearest_of(DRIVERS, lng, lat, math.max(radius, FARTHEST_M), count)
local ids = ids_of(near)
for i, judged in ipairs(judge(ids)) do
  local driver, place = near[i], redis.call('GEOPOS', DRIVERS, ids[i])[1]
  local seen = redis.pcall('ZSCORE', SEEN, ids[i])
  driver[3], driver[4], driver[5] = redis.call('ZSCORE', DRIVERS, ids[i]), place[1], place[2]
  driver[6], driver[7] = type(seen) == 'string' and seen or '', judged == 'stale' and 1 or 0
end
return {free, stale, near}
