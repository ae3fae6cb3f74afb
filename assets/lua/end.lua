-- Cancels or expires a request by a caller's will. ARGV: request id, 'cancelled' or 'expired', actor.
-- Answers {'done'} or the refusal.
local id, state, actor = unpack(ARGV)
local refused, has_record = refusal(id)
if refused then return refused end
DEED = DEED_NAME
if has_record then
  finish(id, state, actor, nil, '')
  return {'done'}
end

-- A bare key of the article's own service: it is ended as that service would do it.
all_or_nothing(function(undo)
  undo[1] = end_key(id, state)
  tell(state, {'request_id', id, 'actor', actor, 'reason', 'external request'})
end)
return {'done'}
