-- Review: write a new version of an item that a person must decide on.
-- KEYS:       1 our own base key.
-- ARGV:       1 item, 2 version that it is made from, 0 = new, 3 document, 4 when it is due, or was decided, in ms,
--             5 '1' = undecided.
-- Reply:      the version written; 0 = somebody was faster, or a new one is there already.
-- Invariants: a version is written once; `review` holds the undecided by due time, `review:decided` the others by the
--             time of the decision.
local own, id, version = KEYS[1], ARGV[1], tonumber(ARGV[2])
if number_of(redis.call('HGET', own .. 'rev:' .. id, 'v')) ~= version then return 0 end
redis.call('HSET', own .. 'rev:' .. id, 'v', version + 1, 'document', ARGV[3])
local undecided = ARGV[5] == '1'
redis.call('ZADD', own .. (undecided and 'review' or 'review:decided'), ARGV[4], id)
redis.call('ZREM', own .. (undecided and 'review:decided' or 'review'), id)
return version + 1
