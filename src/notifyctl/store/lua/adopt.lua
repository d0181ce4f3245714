-- Adopt: take over active jobs whose owner is gone.
-- KEYS:       one base key a lane.
-- ARGV:       1 token, 2 lock in ms, 3 worker name, 4 time in ms or ''; then for each job: lane number, id, the lock
--             that the caller saw ('' = none).
-- Reply:      {time, jobs} with jobs as in claim.lua; a job that changed meanwhile is left out.
-- Invariants: compare and set on the lock, so two adopters cannot both win; `wait` is never touched; starts are
--             not counted, since nothing is started anew.
local token, lock, worker = ARGV[1], ARGV[2], ARGV[3]
local now = clock(ARGV[4])
local jobs = {}

for index = 5, #ARGV, 3 do
  local number, id, seen = tonumber(ARGV[index]), ARGV[index + 1], ARGV[index + 2]
  local key = KEYS[number] .. id
  local held = redis.call('GET', key .. ':lock') or ''
  if held == seen and redis.call('LPOS', KEYS[number] .. 'active', id) and is_job(key) then
    redis.call('SET', key .. ':lock', token, 'PX', lock)
    redis.call('HSET', key, 'pb', worker)
    local starts, deferred, stalls, stamp, scheduler, parent =
      unpack(redis.call('HMGET', key, 'ats', 'defa', 'stc', 'timestamp', 'rjk', 'parentKey'))
    jobs[#jobs + 1] = {number, id, number_of(starts), deferred or '', number_of(stalls), stamp or '0',
      scheduler and 'scheduler' or parent and 'flow' or ''}
  end
end
return {whole(now), jobs}
