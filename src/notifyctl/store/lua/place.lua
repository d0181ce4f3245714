-- Place: take the place of the probe for a call that is no message of the queue.
-- KEYS:       1 our own base key.
-- ARGV:       1 time in ms or '', 2 provider, 3 generation that the caller has seen, 4 name of the probe, 5 for how many
--             ms, 6 number of the lease of the duty.
-- Reply:      the time in ms, or 0.
-- Invariants: one probe at a time; none under another generation, nor for a duty that is somebody else's by now.
local own, key = KEYS[1], KEYS[1] .. 'breaker:' .. ARGV[2]
local now = clock(ARGV[1])
if not leased(own, 'prober', ARGV[6]) then return 0 end
local told = redis.call('HMGET', key, 'generation', 'phase', 'probe', 'probe_until')
if told[1] ~= ARGV[3] or told[2] ~= 'half-open' then return 0 end
local left = tonumber(told[4] or 0) - now
if told[3] and left > 0 and left <= tonumber(ARGV[5]) then return 0 end -- a longer one is of a clock that was set back
redis.call('HSET', key, 'probe', ARGV[4], 'probe_until', whole(now + tonumber(ARGV[5])))
return whole(now)
