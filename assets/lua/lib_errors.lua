-- Stands before every script: how an error of Redis is told from an absent key, and how it is raised.

-- Raises an error of Redis so that its code reaches the caller. Redis 7 takes the code from a table alone, and hands a caught error
-- out as a text; Redis 6 takes texts alone, and has the code behind ": -".
local function raise(why)
  local text = type(why) == 'table' and why.err or tostring(why)
  if redis.REDIS_VERSION_NUM then error(text:find('^%u+ ') and {err = text} or why, 0) end
  error(text:find(': -', 1, true) and text or 'script: -' .. text, 0)
end

-- What a command on a key answers; nil if the key is of another type than `kind`, so that the command can't be meant for it. Every
-- other error is raised: a key that can't be read may well be there, and only one that is certainly absent counts as gone.
local function unless_wrong_type(answer, key, kind)
  if type(answer) ~= 'table' or not answer.err then return answer end
  if redis.call('TYPE', key).ok == kind then raise(answer) end
end
