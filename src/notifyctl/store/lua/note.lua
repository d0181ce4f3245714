-- Note: count a finding, and remember when and where.
-- KEYS:       1 our own base key.
-- ARGV:       1 time in ms or '', 2 code, 3 'each' = every place counts, 'new' = only places that are not known yet,
--             'known' = none, or a number = so many at each place; then the places, such as job keys.
-- Reply:      how many were counted.
-- Invariants: the newest 10,000 places of a code are kept, with the time at which each came up last.
local own, code = KEYS[1], ARGV[2]
local now = clock(ARGV[1])
local how, counted = ARGV[3], 0
local fixed = ({each = 1, known = 0})[how] or tonumber(how)

for index = 4, #ARGV do
  local by = fixed or (redis.call('ZSCORE', own .. 'where:' .. code, ARGV[index]) and 0 or 1)
  counted = counted + by
  note(own, code, by, now, ARGV[index])
end
return counted
