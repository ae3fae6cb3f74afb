-- Cancels or expires a request by a caller's will. ARGV: request id, 'cancelled' or 'expired', actor.
-- Answers {'done'}, {'ended', state, who, when} where somebody else was first, or {'unknown'}.
local id, state, actor = unpack(ARGV)
local record = redis.pcall('HMGET', record_key(id), 'state', 'ended_by', 'ended_at')
if record.err then record = {} end  -- no hash, so no record

if record[1] then
  if record[1] == 'searching' then
    local ended = settle_by_key(id, FOREIGN_HAND)
    if not ended then
      finish(id, state, actor, '', '', '')
      return {'done'}
    end
    return {'ended', ended, FOREIGN_HAND, string.format('%.0f', NOW)}
  end
  return {'ended', record[1], record[2] or '', record[3] or ''}
end

-- A bare key of the article's own service: it is ended as that service would do it.
local says = key_says(id)
if says == 'cancelled' then return {'ended', 'cancelled', FOREIGN_HAND, ''} end
if says ~= 'active' then return {'unknown'} end
if state == 'cancelled' then
  redis.call('SET', request_key(id), '0', 'PX', CANCELLED_KEPT_MS)
else
  redis.call('DEL', request_key(id))
end
tell(state, {'request_id', id, 'actor', actor, 'reason', 'foreign request'})
return {'done'}
