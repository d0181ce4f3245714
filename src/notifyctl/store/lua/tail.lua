-- Tail: read on in the events of one lane, and keep the census by them.
-- KEYS:       1 our own base key, 2 the lane's base key.
-- ARGV:       1 number of the lease, 2 number of the pass, 3 most events.
-- Reply:      {} under a lease that is another's by now, else {events read, 1 when some were trimmed before they were
--             read, the removed jobs}; a removed job is {id, where it was}.
-- Invariants: a job that was added or retried counts as open at the pass before; one that ended leaves the census, unless
--             its record did not; each event is read once.
local own, lane = KEYS[1], KEYS[2]
if not leased(own, 'audit', ARGV[1]) then return {} end
local state, census, events = own .. 'audit:' .. lane, own .. 'census:' .. lane, lane .. 'events'
local cursor, open_at = redis.call('HGET', state, 'events'), whole(tonumber(ARGV[2]) - 1)
local removed = {}

-- Whether events were trimmed that came after the last one that was read.
local function trimmed()
  if cursor == '0-0' or redis.call('EXISTS', events) == 0 then return 0 end
  if redis.call('XRANGE', events, cursor, cursor)[1] then return 0 end
  if redis.call('XRANGE', events, '-', '(' .. cursor, 'COUNT', 1)[1] then return 0 end
  if redis.call('XLEN', events) > 0 then return 1 end
  local info = redis.call('XINFO', 'STREAM', events)
  for index = 1, #info, 2 do
    if info[index] == 'last-generated-id' and info[index + 1] ~= cursor then
      cursor = info[index + 1]
      return 1
    end
  end
  return 0
end

local function take(event)
  local name, id, prev = event.event, event.jobId, event.prev
  if name == 'added' or (name == 'waiting' and (prev == 'completed' or prev == 'failed')) then
    redis.call('ZADD', census, 'NX', open_at, id)
  elseif name == 'completed' or name == 'failed' then
    if not open_record(own, lane, id) then redis.call('ZREM', census, id) end
  elseif name == 'removed' then
    removed[#removed + 1] = {id, prev or ''}
  end
end

local gap = trimmed()
local entries = redis.call('XRANGE', events, '(' .. cursor, '+', 'COUNT', ARGV[3])
for _, entry in ipairs(entries) do
  local fields, event = entry[2], {}
  for index = 1, #fields, 2 do event[fields[index]] = fields[index + 1] end
  if event.jobId then take(event) end
  cursor = entry[1]
end
redis.call('HSET', state, 'events', cursor)
return {#entries, gap, removed}
