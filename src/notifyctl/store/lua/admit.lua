-- Admit: write the intents of provider calls, or say why not; no socket is used before this said yes.
-- KEYS:       1 our own base key such as `nf:{bull}:`; then one base key a lane.
-- ARGV:       1 token, 2 time in ms or '', 3 the items as a MessagePack list (one argument is far cheaper for the
--             client than dozens), each a list: lane number, job id, message id, expected version, attempt id, provider, why, digest of the document,
--             digest of the job data, revision, type, priority, rate in calls a second ('' = none), burst.
-- Reply:      {time, answers}; an answer is {'ok', version} | {'lost'} | {'stale'} | {'full', free at in ms}.
-- Invariants: an intent is written only while the job's lock is ours and the record is the one that the caller
--             decided on; never over an accepted message; the same attempt id again is the same yes (a lost reply
--             is normal); tokens are taken for written intents only; a full provider gives each refused item its
--             own time, so that waiters come back one after the other.
local own, token = KEYS[1], ARGV[1]
local now = clock(ARGV[2])
local answers, refused = {}, {}
local TAKEN = {accepted = true, delivered = true, bounced = true, complained = true}
local OPEN = {queued = true, attempting = true, held = true}

-- Generic cell rate: `tat` is the time at which the bucket would be empty again.
local function room(provider, rate, burst)
  local key = own .. 'limit:' .. provider
  local tat, closed, learnt = unpack(redis.call('HMGET', key, 'tat', 'until', 'rate'))
  local free_at = math.max(tonumber(closed or 0), 0)
  rate = tonumber(rate) or math.huge
  if learnt then rate = math.min(rate, tonumber(learnt)) end
  local gap = rate == math.huge and 0 or 1000 / rate
  if gap > 0 then free_at = math.max(free_at, tonumber(tat or 0) - (burst - 1) * gap) end
  if free_at > now then
    refused[provider] = (refused[provider] or -1) + 1
    return math.ceil(free_at + refused[provider] * gap)
  end
  if gap > 0 then redis.call('HSET', key, 'tat', string.format('%.3f', math.max(tonumber(tat or 0), now) + gap)) end
  return nil
end

local function write(record, attempt, item)
  redis.call('HSET', attempt, 'provider', item[6], 'why', item[7], 'at', whole(now), 'digest', item[8],
    'owner', token, 'revision', item[10], 'members', item[3])
  local list, old = unpack(redis.call('HMGET', record, 'attempts', 'state'))
  if old and not OPEN[old] then redis.call('HINCRBY', own .. 'totals', old, -1) end -- it had ended at the door
  local version = redis.call('HINCRBY', record, 'v', 1)
  redis.call('HSET', record, 'state', 'attempting', 'attempts', list and list .. ' ' .. item[5] or item[5],
    'body', item[9], 'type', item[11], 'priority', item[12], 'job', KEYS[1 + item[1]] .. item[2])
  if item[7] == 'replay' then
    redis.call('HINCRBY', record, 'looks', 1)
    redis.call('HSET', record, 'looked_at', whole(now))
  else
    redis.call('HDEL', record, 'looks', 'looked_at')
  end
  redis.call('ZADD', own .. 'inflight', whole(now), item[5])
  return version
end

local function admit(item)
  local lane = KEYS[1 + item[1]]
  local record, attempt = own .. 'msg:' .. item[3], own .. 'att:' .. item[5]
  local version, state = unpack(redis.call('HMGET', record, 'v', 'state'))
  version = version or '0'
  if redis.call('EXISTS', attempt) == 1 then return {'ok', tonumber(version)} end
  if redis.call('GET', lane .. item[2] .. ':lock') ~= token then return {'lost'} end
  if tonumber(version) ~= item[4] or TAKEN[state] then return {'stale'} end
  local free_at = room(item[6], item[13], item[14])
  if free_at then return {'full', free_at} end
  return {'ok', write(record, attempt, item)}
end

for _, item in ipairs(cmsgpack.unpack(ARGV[3])) do answers[#answers + 1] = admit(item) end
return {whole(now), answers}
