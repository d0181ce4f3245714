-- Reassert: write intents again that a server has lost, and tell which outcomes are gone.
-- KEYS:       1 our own base key; then one base key a lane.
-- ARGV:       1 token of the worker whose calls these were, 2 the items as a MessagePack list, oldest first, each a list:
--             lane number, job id, message id, attempt id, provider ('' = another worker's call, of which only the
--             outcome is ours), why, time of the intent in ms, digest of the document, digest of the job data, revision,
--             type, priority, rank and text of the outcome ('' while there is none); 3 time in ms or ''.
-- Reply:      a number for each item: 0 = nothing was lost, + 1 = the intent was, and is there again, + 2 = the outcome
--             is, and must be settled again.
-- Invariants: what is there is never changed, so the same call again changes nothing; attempts stay in the order of
--             their intents; a state that ends a message stays, but for one that ended at the door, where no call is known; an archived
--             message has lost nothing.
local own, token = KEYS[1], ARGV[1]
local now = clock(ARGV[3])
local answers = {}
local REOPENS = {queued = true, attempting = true, held = true, rejected = true, no_consent = true, expired = true}
local OPEN = {queued = true, attempting = true, held = true}

local function begun(id) return tonumber(redis.call('HGET', own .. 'att:' .. id, 'at') or 0) end

-- The list of a record's attempts with one more; true when that is the last.
local function with(list, id, at)
  local ids, placed = {}, false
  for other in string.gmatch(list, '%S+') do
    if not placed and begun(other) > at then
      ids[#ids + 1] = id
      placed = true
    end
    if other ~= id then ids[#ids + 1] = other end
  end
  if not placed then ids[#ids + 1] = id end
  return table.concat(ids, ' '), not placed
end

-- One that ended at the door has no attempt; whatever else has ended stays as it is.
local function reopen(record, list, old)
  if old and (list or not REOPENS[old]) and not OPEN[old] then return end
  if old and not OPEN[old] then redis.call('HINCRBY', own .. 'totals', old, -1) end
  redis.call('HSET', record, 'state', 'attempting')
end

local function count_look(record, why, at)
  redis.call('HDEL', record, 'looks', 'looked_at')
  if why == 'replay' then redis.call('HSET', record, 'looks', 1, 'looked_at', whole(at)) end
end

local function write(item, attempt)
  local id, at = item[4], tonumber(item[7])
  redis.call('HSET', attempt, 'provider', item[5], 'why', item[6], 'at', whole(at), 'digest', item[8],
    'owner', token, 'revision', item[10], 'members', item[3])
  local record = own .. 'msg:' .. item[3]
  local list, old, version = unpack(redis.call('HMGET', record, 'attempts', 'state', 'v'))
  if not list then
    redis.call('HSET', record, 'body', item[9], 'type', item[11], 'priority', item[12],
      'job', KEYS[1 + item[1]] .. item[2])
    if item[2] ~= item[3] then redis.call('HSET', own .. 'jobs', KEYS[1 + item[1]] .. item[2], item[3]) end
  end
  reopen(record, list, old)
  local ids, latest = with(list or '', id, at)
  if latest then count_look(record, item[6], at) end
  redis.call('HSET', record, 'attempts', ids)
  redis.call('HSET', record, 'v', whole(following(tonumber(version or 0), now)))
end

local function reassert(item)
  local attempt = own .. 'att:' .. item[4]
  if redis.call('HEXISTS', own .. 'msg:' .. item[3], 'archived') == 1 then return 0 end -- its attempts are on the disk
  local provider, outcome = unpack(redis.call('HMGET', attempt, 'provider', 'outcome'))
  local lost = 0
  if not provider and item[5] ~= '' then
    write(item, attempt)
    if not outcome then redis.call('ZADD', own .. 'inflight', whole(tonumber(item[7])), item[4]) end
    lost = 1
  end
  if item[13] == '' or outcome == item[14] then return lost end
  if not outcome or (item[13] == '2' and string.sub(outcome, 1, 1) ~= '2') then return lost + 2 end
  return lost
end

for _, item in ipairs(cmsgpack.unpack(ARGV[2])) do answers[#answers + 1] = reassert(item) end
return answers
