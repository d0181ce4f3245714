-- Enqueue: add jobs as a BullMQ producer would.
-- KEYS:       one base key a lane.
-- ARGV:       1 time in ms or ''; then for each job: lane number, job id, name, data, options as JSON, delay in ms,
--             priority.
-- Reply:      for each job 'added' or 'duplicate'.
-- Invariants: a job id that exists is not touched, so a repeated call adds nothing; a paused lane gets no marker; a
--             lane that BullMQ 5 has paused is added to as BullMQ 5 does, whose `resume` would lose the job otherwise.
local now = clock(ARGV[1])
local answers = {}

local function place(lane, id, delay, priority)
  if delay > 0 then
    delay_until(lane, id, now + delay)
    emit(lane, 'delayed', 'jobId', id, 'delay', whole(now + delay))
    return mark_due(lane)
  end
  local target, idle = doors(lane)
  if priority > 0 then prioritize(lane, id, priority) else redis.call('LPUSH', target, id) end
  if idle then mark_work(lane) end
  emit(lane, 'waiting', 'jobId', id)
end

for index = 2, #ARGV, 7 do
  local lane, id = KEYS[tonumber(ARGV[index])], ARGV[index + 1]
  local delay, priority = tonumber(ARGV[index + 5]), tonumber(ARGV[index + 6])
  redis.call('INCR', lane .. 'id')
  trim_events(lane)
  if redis.call('EXISTS', lane .. id) == 1 then
    emit(lane, 'duplicated', 'jobId', id)
    answers[#answers + 1] = 'duplicate'
  else
    redis.call('HSET', lane .. id, 'name', ARGV[index + 2], 'data', ARGV[index + 3], 'opts', ARGV[index + 4],
      'timestamp', whole(now), 'delay', whole(delay), 'priority', whole(priority))
    emit(lane, 'added', 'jobId', id, 'name', ARGV[index + 2])
    place(lane, id, delay, priority)
    answers[#answers + 1] = 'added'
  end
end
return answers
