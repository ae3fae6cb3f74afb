-- What goes with an operator's deed: the last two arguments are its name, '' where it has none, and until when it may be done, in
-- Unix ms, 0 for always. Its script sets DEED to the name as soon as nothing stands against it, and its event carries the name:
-- so an operator whose answer was lost can tell afterwards whether it was done. That it was not done is final after that time.
local DONE_UNTIL = tonumber(table.remove(ARGV))
local DEED_NAME = table.remove(ARGV)
DEED_NAME = DEED_NAME ~= '' and DEED_NAME or nil
if DONE_UNTIL > 0 and NOW > DONE_UNTIL then return redis.error_reply('OVERDUE it came too late') end
