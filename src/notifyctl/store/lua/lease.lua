-- Lease: take or keep a duty for a while.
-- KEYS:       1 our own base key.
-- ARGV:       1 duty, 2 token of the worker, 3 how long in ms; 0 lets it go.
-- Reply:      the number of the lease, from 1; 0 while another worker holds it.
-- Invariants: one holder at a time; the number grows whenever the lease changes hands or has run out, and what is done
--             under a number that is not the last is refused (`leased` of the prelude).
local key = KEYS[1] .. 'lease:' .. ARGV[1]
local number, holder = string.match(redis.call('GET', key) or '', '^(%d+) (.*)$')
if holder and holder ~= ARGV[2] then return 0 end
if ARGV[3] == '0' then
  redis.call('DEL', key)
  return 0
end
number = number or whole(redis.call('HINCRBY', KEYS[1] .. 'fences', ARGV[1], 1))
redis.call('SET', key, number .. ' ' .. ARGV[2], 'PX', ARGV[3])
return tonumber(number)
