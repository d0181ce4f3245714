-- Begin: start a pass of the audit over one lane.
-- KEYS:       1 our own base key, 2 the lane's base key.
-- ARGV:       1 number of the lease, 2 time in ms or ''.
-- Reply:      {} under a lease that is another's by now, else {time, number of the pass, BullMQ's job counter at the pass
--             before, the counter now, whether the events began anew, paused, length of `wait`, length of `paused`}.
-- Invariants: passes are numbered from 1, and one that did not get to see every job does not count; the first one
--             starts at the end of the events, so what was before it is not judged.
local own, lane = KEYS[1], KEYS[2]
if not leased(own, 'audit', ARGV[1]) then return {} end
local now, state = clock(ARGV[2]), own .. 'audit:' .. lane
local before, cursor, pass = unpack(redis.call('HMGET', state, 'counter', 'events', 'pass'))
local counter = number_of(redis.call('GET', lane .. 'id'))

-- Whether the events began anew: the last that was read is gone, and none was ever trimmed. Servers before Redis 7 do not
-- count them and cannot tell.
local function renewed()
  local events = lane .. 'events'
  if not cursor or cursor == '0-0' or redis.call('EXISTS', events) == 0 then return 0 end
  if redis.call('XRANGE', events, cursor, cursor)[1] then return 0 end
  local info = redis.call('XINFO', 'STREAM', events)
  for index = 1, #info, 2 do
    if info[index] == 'entries-added' then return info[index + 1] == redis.call('XLEN', events) and 1 or 0 end
  end
  return 0
end

local anew = renewed()
if not cursor then
  local last = redis.call('XREVRANGE', lane .. 'events', '+', '-', 'COUNT', 1)[1]
  redis.call('HSET', state, 'events', last and last[1] or '0-0')
elseif anew == 1 or (counter < number_of(before) and redis.call('EXISTS', lane .. 'events') == 0) then
  redis.call('HSET', state, 'events', '0-0')
end
redis.call('HSET', state, 'counter', whole(counter), 'at', whole(now))
local paused = redis.call('HEXISTS', lane .. 'meta', 'paused')
return {now, number_of(pass) + 1, number_of(before), counter, anew, paused,
  redis.call('LLEN', lane .. 'wait'), redis.call('LLEN', lane .. 'paused')}
