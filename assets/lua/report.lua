-- Takes position reports: each makes its driver available at its place. ARGV: lng, lat, driver id, and again.
local places, seen = {}, {}
for i = 1, #ARGV, 3 do
  for j = i, i + 2 do places[#places + 1] = ARGV[j] end
  seen[#seen + 1] = NOW
  seen[#seen + 1] = ARGV[i + 2]
end
redis.call('GEOADD', DRIVERS, unpack(places))
redis.call('ZADD', SEEN, unpack(seen))
return #ARGV / 3
