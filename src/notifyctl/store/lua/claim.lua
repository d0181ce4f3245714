-- Claim: take up to so many jobs from each lane, in the order of the lanes, with a long lock on each.
-- KEYS:       1 our own base key; then one base key a lane, such as `bull:email-critical:`.
-- ARGV:       1 token, 2 lock in ms, 3 worker name, 4 time in ms or '', 5 most jobs in all, 6 most bytes of data;
--             then for each lane: most jobs of that lane.
-- Reply:      {time, time from which another claim may find something, or 0, jobs, broken lanes}; a job is
--             {lane number, id, starts, deferred failure or '', stalls, timestamp, kind}, kind is '' for a plain job,
--             else 'scheduler' or 'flow'; a broken lane, whose keys are not BullMQ's, is {lane number, the server's words}.
-- Invariants: a paused lane is not touched at all, its due jobs included; the order of BullMQ is kept (wait
--             before prioritized); a person's concurrency and rate limit are honoured; ids without a job hash are
--             dropped, which is a finding that counts once a place, so many of a lane at a time; every claimed job
--             is in `active` with our token as its lock; a broken lane stops no other.
local own = KEYS[1]
local token, lock, worker = ARGV[1], ARGV[2], ARGV[3]
local now = clock(ARGV[4])
local room, bytes = tonumber(ARGV[5]), tonumber(ARGV[6])
local jobs, next_due, broken = {}, 0, {}
local GHOSTS = 500 -- ids without a job that are dropped of a lane at a time: some milliseconds of the server

local function note_due(due)
  if next_due == 0 or due < next_due then next_due = due end
end

-- The audit may have seen it before.
local function note_ghost(lane, id)
  if is_marker(id) then return end
  local known = redis.call('ZSCORE', own .. 'where:QUE-GHOST', lane .. id)
  note(own, 'QUE-GHOST', known and 0 or 1, now, lane .. id)
end

local function promote(lane, full)
  local due = redis.call('ZRANGEBYSCORE', lane .. 'delayed', 0, whole((now + 1) * 4096 - 1), 'LIMIT', 0, 1000)
  for _, id in ipairs(due) do
    redis.call('ZREM', lane .. 'delayed', id)
    if is_job(lane .. id) then
      local priority = number_of(redis.call('HGET', lane .. id, 'priority'))
      if priority == 0 then redis.call('LPUSH', lane .. 'wait', id) else prioritize(lane, id, priority) end
      emit(lane, 'waiting', 'jobId', id, 'prev', 'delayed')
      redis.call('HSET', lane .. id, 'delay', 0)
    else
      note_ghost(lane, id)
    end
  end
  if due[1] and not full then mark_work(lane) end
end

-- How many jobs a person's rate limit leaves in this window; the limiter is BullMQ's own.
local function rate_room(lane, most)
  if not most then return math.huge end
  local started = tonumber(redis.call('GET', lane .. 'limiter') or '0')
  if started < most then return most - started end
  local left = redis.call('PTTL', lane .. 'limiter')
  if left <= 0 then return most end
  note_due(now + left)
  return 0
end

local function count_start(lane, duration)
  if redis.call('INCR', lane .. 'limiter') == 1 then
    redis.call('PEXPIRE', lane .. 'limiter', whole(math.floor(math.abs(duration))))
  end
end

local function take(lane)
  local id = redis.call('RPOPLPUSH', lane .. 'wait', lane .. 'active')
  if id then return id end
  id = redis.call('ZPOPMIN', lane .. 'prioritized')[1]
  if id then redis.call('LPUSH', lane .. 'active', id) else redis.call('DEL', lane .. 'pc') end
  return id
end

-- What a claim must know of a job, or nil when there is none under the key.
local function read(key)
  local fields = redis.pcall('HMGET', key, 'ats', 'defa', 'stc', 'timestamp', 'rjk', 'parentKey')
  if fields.err or not fields[4] and not is_job(key) then return nil end -- every job of BullMQ has a timestamp
  return fields
end

local function start(lane, number, id, fields, max, duration)
  local key = lane .. id
  local starts, deferred, stalls, stamp, scheduler, parent = unpack(fields)
  if max and not deferred then count_start(lane, duration) end
  redis.call('SET', key .. ':lock', token, 'PX', lock)
  emit(lane, 'active', 'jobId', id, 'prev', 'waiting')
  redis.call('HSET', key, 'processedOn', whole(now), 'pb', worker, 'ats', whole(number_of(starts) + 1))
  jobs[#jobs + 1] = {number, id, number_of(starts) + 1, deferred or '', number_of(stalls), stamp or '0',
    scheduler and 'scheduler' or parent and 'flow' or ''}
  bytes = bytes - redis.call('HSTRLEN', key, 'data')
  room = room - 1
end

local function claim(lane, number, most, max, duration)
  local left = math.min(most, room, rate_room(lane, max))
  local taken, ghosts = false, 0
  while left > 0 and bytes > 0 and ghosts < GHOSTS do
    local id = take(lane)
    if not id then break end
    local fields = read(lane .. id)
    if fields then
      start(lane, number, id, fields, max, duration)
      left, taken = left - 1, true
    else
      redis.call('LREM', lane .. 'active', 1, id)
      note_ghost(lane, id)
      ghosts = ghosts + 1
    end
  end
  if taken or ghosts == GHOSTS then mark_work(lane) end
end

local function first_delayed(lane)
  local first = redis.call('ZRANGE', lane .. 'delayed', 0, 0, 'WITHSCORES')
  if first[2] then note_due(math.floor(tonumber(first[2]) / 4096)) end
end

local function look_at(lane, number, most)
  local paused, concurrency, max, duration =
    unpack(redis.call('HMGET', lane .. 'meta', 'paused', 'concurrency', 'max', 'duration'))
  if paused then return end
  local places = concurrency and tonumber(concurrency) - redis.call('LLEN', lane .. 'active') or math.huge
  promote(lane, places <= 0)
  claim(lane, number, math.min(most, places), duration and tonumber(max), duration and tonumber(duration))
  first_delayed(lane)
end

for number = 1, #KEYS - 1 do
  local done, words = guarded(look_at, KEYS[number + 1], number, tonumber(ARGV[6 + number]))
  if not done then broken[#broken + 1] = {number, words} end
end
return {whole(now), whole(next_due), jobs, broken}
