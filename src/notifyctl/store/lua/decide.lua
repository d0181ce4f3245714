-- Decide: write what a person decided about messages that have ended, and give their jobs back as BullMQ's retry does.
-- KEYS:       1 our own base key; then one base key a lane.
-- ARGV:       1 time in ms or '', 2 the items as a MessagePack list, each a list: lane number (0 = the job stays where it
--             is), job id, message id, expected version, state that the message gets, its reason, attempts that are
--             spent, deadline in ms ('' = as it was), resends that are allowed ('' = none are ordered), who decided, id of
--             the decision, the decision as a JSON list without its time, which comes first.
-- Reply:      {time, answers}; an answer is {'ok', version}; or, with nothing done, {'stale'} = the record moved on, {'gone'} =
--             the job is not among the failed any more, {'broken', the server's words}.
-- Invariants: only a record that has ended, is not archived and is as it was seen is changed, and job and record change together or not at
--             all; the same decision again is the same yes; keys are left as the reprocessJob of the BullMQ whose
--             version the queue tells leaves them.
local own = KEYS[1]
local now = clock(ARGV[1])
local OPEN = {queued = true, attempting = true, held = true}
local answers, touched = {}, {}

local function is_lifo(key)
  local options = redis.call('HGET', key, 'opts') or '{}'
  local readable, value = pcall(cjson.decode, options)
  return readable and type(value) == 'table' and value.lifo == true
end

-- As `Job.retry` of BullMQ does for one that failed. False when it is not among the failed.
local function give_back(lane, id)
  local key = lane .. id
  if not is_job(key) or redis.call('ZREM', lane .. 'failed', id) == 0 then return false end
  redis.call('HDEL', key, 'finishedOn', 'processedOn', 'failedReason')
  local target, idle, older = doors(lane)
  local priority = number_of(redis.call('HGET', key, 'priority'))
  if priority > 0 and not older then
    prioritize(lane, id, priority)
  else
    redis.call(is_lifo(key) and 'RPUSH' or 'LPUSH', target, id)
  end
  if idle then mark_work(lane) end
  if not touched[lane] then trim_events(lane) end
  touched[lane] = true
  emit(lane, 'waiting', 'jobId', id, 'prev', 'failed')
  return true
end

-- The totals by state, and the list of those that are unknown.
local function count(message, old, state)
  redis.call('HINCRBY', own .. 'totals', old, -1)
  if not OPEN[state] then redis.call('HINCRBY', own .. 'totals', state, 1) end
  if old == 'unknown' then redis.call('ZREM', own .. 'unknown', message) end
  if state == 'unknown' then redis.call('ZADD', own .. 'unknown', whole(now), message) end
end

local function write(record, version, item)
  local log = redis.call('HGET', record, 'decisions')
  local told = '[' .. whole(now) .. ',' .. string.sub(item[12], 2)
  redis.call('HSET', record, 'v', whole(following(version, now)), 'state', item[5], 'reason', item[6],
    'changed_at', whole(now), 'spent', whole(item[7]), 'decision', item[11], 'decisions', log and log .. '\n' .. told or told)
  if item[8] ~= '' then redis.call('HSET', record, 'deadline', item[8]) end
  if item[9] ~= '' then redis.call('HSET', record, 'allowed', item[9], 'allowed_by', item[10]) end
end

local function decide(item)
  local lane, id, message = item[1] > 0 and KEYS[1 + item[1]] or nil, item[2], item[3]
  local record = own .. 'msg:' .. message
  local version, old, last, archived = unpack(redis.call('HMGET', record, 'v', 'state', 'decision', 'archived'))
  version = tonumber(version or 0)
  if last == item[11] then return {'ok', version} end
  if version ~= item[4] or OPEN[old] or archived then return {'stale'} end
  if lane and not give_back(lane, id) then return {'gone'} end
  write(record, version, item)
  if lane and id ~= message then redis.call('HSET', own .. 'jobs', lane .. id, message) end
  if old ~= item[5] then count(message, old, item[5]) end
  return {'ok', following(version, now)}
end

for _, item in ipairs(cmsgpack.unpack(ARGV[2])) do
  local done, answer = guarded(decide, item)
  answers[#answers + 1] = done and answer or {'broken', answer}
end
return {whole(now), answers}
