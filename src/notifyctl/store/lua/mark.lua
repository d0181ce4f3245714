-- Mark: note of open jobs that they were seen at this pass; a part of them at a time.
-- KEYS:       1 our own base key, 2 the lane's base key.
-- ARGV:       1 number of the lease, 2 number of the pass, 3 where to go on: a place, 4 and a cursor in it, 5 about how
--             many jobs.
-- Reply:      {} under a lease that is another's by now, else {place, cursor, ghosts}; place 7 = all were seen. A ghost
--             is an id whose job is gone.
-- Invariants: jobs move on while this goes on, so places are read in the order in which jobs pass them, `active` before
--             and after; ghosts are let go of in `active`, where nobody else would.
local own, lane = KEYS[1], KEYS[2]
if not leased(own, 'audit', ARGV[1]) then return {} end
local census, pass = own .. 'census:' .. lane, ARGV[2]
local place, cursor, left = tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local PLACES = {'active', 'delayed', 'prioritized', 'paused', 'wait', 'active'}
local SETS = {delayed = true, prioritized = true}
local ghosts, seen = {}, {}

local function part(name)
  if SETS[name] then
    local found, ids = redis.call('ZSCAN', lane .. name, cursor, 'COUNT', left), {}
    for index = 1, #found[2], 2 do ids[#ids + 1] = found[2][index] end
    return ids, found[1] ~= '0' and found[1]
  end
  local first, most = tonumber(cursor), name == 'active' and 100000 or left -- whole, since it shrinks at both ends
  local ids = redis.call('LRANGE', lane .. name, first, first + most - 1)
  return ids, #ids == most and whole(first + most)
end

local function look(name, id)
  if is_job(lane .. id) then
    seen[#seen + 1], seen[#seen + 2] = pass, id
  elseif not is_marker(id) then
    ghosts[#ghosts + 1] = id
    if name == 'active' then redis.call('LREM', lane .. name, 0, id) end
  end
end

-- Nearly always all of them are there, which one command tells.
local function look_at(name, ids, first, last)
  local keys = {}
  seen = {}
  for index = first, last do
    keys[#keys + 1] = lane .. ids[index]
    seen[#seen + 1], seen[#seen + 2] = pass, ids[index]
  end
  if redis.call('EXISTS', unpack(keys)) < #keys then
    seen = {}
    for index = first, last do look(name, ids[index]) end
  end
  if #seen > 0 then redis.call('ZADD', census, unpack(seen)) end
end

while place <= #PLACES and left > 0 do
  local ids, more = part(PLACES[place])
  for first = 1, #ids, 500 do look_at(PLACES[place], ids, first, math.min(first + 499, #ids)) end
  left = left - #ids
  if more then cursor = more else place, cursor = place + 1, '0' end
end
if place > #PLACES then redis.call('HSET', own .. 'audit:' .. lane, 'pass', pass) end
return {place, cursor, ghosts}
