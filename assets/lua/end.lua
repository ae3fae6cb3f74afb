-- Cancels or expires a request by a caller's will. ARGV: request id, 'cancelled' or 'expired', actor.
-- Answers {'done'} or the refusal.
local id, state, actor = unpack(ARGV)
local refused, has_record = refusal(id)
if refused then return refused end
DEED = DEED_NAME
if has_record then
  finish(id, state, actor, '', '', '')
  return {'done'}
end

-- A bare key of the article's own service: it is ended as that service would do it.
tell(state, {'request_id', id, 'actor', actor, 'reason', 'external request'})
if state == 'cancelled' then
  redis.call('SET', request_key(id), '0', 'PX', CANCELLED_KEPT_MS)
else
  redis.call('DEL', request_key(id))
end
return {'done'}
