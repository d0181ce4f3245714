-- Limit: remember what a provider said of its room.
-- KEYS:       1 our own base key.
-- ARGV:       1 provider, 2 time in ms or '', 3 closed for so many ms ('' = not), 4 calls a second learnt from headers
--             ('' = none).
-- Reply:      the time until which the provider is closed, in ms.
-- Invariants: a later answer never shortens an earlier closure; only `admit` takes tokens.
local key = KEYS[1] .. 'limit:' .. ARGV[1]
local now = clock(ARGV[2])
if ARGV[4] ~= '' then redis.call('HSET', key, 'rate', ARGV[4]) end
local closed = tonumber(redis.call('HGET', key, 'until') or '0')
if ARGV[3] ~= '' then
  closed = math.max(closed, now + tonumber(ARGV[3]))
  redis.call('HSET', key, 'until', whole(closed))
end
return whole(closed)
