-- Incident: write a new version of an incident, and what its timeline says of that.
-- KEYS:       1 our own base key.
-- ARGV:       1 time in ms or '', 2 number of the lease of the duty or '' for a person, 3 id, or the day of a new one
--             such as INC-2026-11-24, 4 version that it is made from, 0 = new, 5 key of the cause, 6 document,
--             7 '1' = open, 8 '1' = to be looked at again; then entries of the timeline.
-- Reply:      {code, id, version, time}: ok; stale = somebody was faster, look again; taken = the cause has an open
--             incident, with its id; lost = the lease is another worker's by now.
-- Invariants: a cause has at most one open incident; a version is written once; a timeline only grows, to 1,000 entries.
local own, now = KEYS[1], clock(ARGV[1])
local id, version, cause = ARGV[3], tonumber(ARGV[4]), ARGV[5]

if ARGV[2] ~= '' and not leased(own, 'incidents', ARGV[2]) then return {'lost', id, version, now} end
if version == 0 then
  local open = redis.call('HGET', own .. 'incidents:open', cause)
  if open then return {'taken', open, 0, now} end
  id = string.format('%s-%02d', id, redis.call('HINCRBY', own .. 'incidents:days', id, 1))
  redis.call('ZADD', own .. 'incidents', whole(now), id)
  redis.call('HSET', own .. 'incidents:last', cause, id)
elseif number_of(redis.call('HGET', own .. 'inc:' .. id, 'v')) ~= version then
  return {'stale', id, version, now}
end

redis.call('HSET', own .. 'inc:' .. id, 'v', version + 1, 'document', ARGV[6])
if ARGV[7] == '1' then
  redis.call('HSET', own .. 'incidents:open', cause, id)
elseif redis.call('HGET', own .. 'incidents:open', cause) == id then
  redis.call('HDEL', own .. 'incidents:open', cause)
end
redis.call(ARGV[8] == '1' and 'SADD' or 'SREM', own .. 'incidents:owing', id)
for index = 9, #ARGV do redis.call('RPUSH', own .. 'inc:' .. id .. ':log', ARGV[index]) end
redis.call('LTRIM', own .. 'inc:' .. id .. ':log', -1000, -1)
return {'ok', id, version + 1, now}
