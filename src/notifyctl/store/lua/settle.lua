-- Settle: record outcomes and decisions, and finish, fail or delay the jobs in the same breath.
-- KEYS:       1 our own base key; then one base key a lane.
-- ARGV:       1 token, 2 time in ms or '', 3 worker's keep rules as JSON {completed: {count, age}, failed: {...}},
--             4 the items as a MessagePack list, each a list:
--             lane number (0 = no job), job id, message id ('' = none), expected version ('' with an attempt, unless its
--             worker goes on from here),
--             attempt id ('' = none), rank (2 accepted, 1 ambiguous, 0 definite), outcome as JSON, new state, reason,
--             provider, provider id, action (complete, fail, delay, keep, none), its value, looked ('1' or ''), tally, finding,
--             restored ('1' or ''): the server has lost it, or its intent, before; weight of the outcome for the breaker (fault,
--             accepted, account, sender or '') with its detail, bucket of the message's time (-1 = none), facts of its end ('' = none), which are kept as they are;
--             5 as MessagePack: faults and messages at which a breaker is to be decided on (0 = never), ms for which a
--             refused sender rests, tokens of a retry budget.
-- Reply:      {time, answers}; an answer is {code, version}: 'ok'; 'late' = evidence recorded, job not ours;
--             'stale' = the record moved on, nothing done but that an outcome is written; 'lost' = the job is not ours, nothing done; 'broken' = a key
--             of the queue holds something else than BullMQ's, and the server's words take the version's place.
-- Invariants: evidence of acceptance is taken from anybody, at any time; anything else only from the holder of the
--             job's lock, or when it was lost; an outcome whose intent is lost for good makes the attempt known, unless it
--             surely left no copy; a terminal state is left only for accepted, that of an archived message never; an outcome is written once; job and record
--             change together or not at all, but where a key is broken the record alone; keys are left as BullMQ's own
--             moveToFinished and moveToDelayed do; an item that breaks stops no other.
local own, token = KEYS[1], ARGV[1]
local now = clock(ARGV[2])
local keep = cjson.decode(ARGV[3])
local items = cmsgpack.unpack(ARGV[4])
local rules = cmsgpack.unpack(ARGV[5])
local found, freed, held = {}, {}, holders(items)
local answers, totals, calls, touched, finished, unruled, where = {}, {}, {}, {}, {}, {}, {}
local OPEN = {queued = true, attempting = true, held = true}
local AT_THE_DOOR = {rejected = true, no_consent = true, expired = true}
local TAKEN = {accepted = true, delivered = true, bounced = true, complained = true}

local function remove_job(lane, id)
  local key = lane .. id
  redis.call('DEL', key, key .. ':lock', key .. ':logs', key .. ':dependencies', key .. ':processed', key .. ':failed',
    key .. ':unsuccessful')
end

-- A whole number from 0, or nil for anything else that a producer may have written.
local function amount(value)
  local number = tonumber(value)
  return number and number >= 0 and math.floor(number) or nil
end

local function trim(lane, set, rule)
  local key = lane .. set
  local stale, age, most = {}, amount(rule.age), amount(rule.count)
  if age then
    local limit = math.min(amount(rule.limit) or 1000, 1000)
    stale = redis.call('ZRANGEBYSCORE', key, '-inf', whole(now - age * 1000), 'LIMIT', 0, limit)
  end
  for _, id in ipairs(stale) do remove_job(lane, id) end
  if #stale > 0 then redis.call('ZREM', key, unpack(stale)) end
  if most and redis.call('ZCARD', key) > most then
    local excess = redis.call('ZRANGE', key, 0, math.min(redis.call('ZCARD', key) - most, 1000) - 1)
    for _, id in ipairs(excess) do remove_job(lane, id) end
    redis.call('ZREM', key, unpack(excess))
  end
end

-- What a job carries was written by others; what cannot be read must not stop its neighbours.
local function decoded(text)
  local readable, value = pcall(cjson.decode, text)
  return readable and type(value) == 'table' and value or {}
end

-- A job's own removeOnComplete or removeOnFail wins over the worker's: absent, true, a count, or {count, age, limit}.
local function rule_of(options, name)
  if not string.find(options, name, 1, true) then return nil end
  local rule = decoded(options)[name]
  if rule == true then return {count = 0} end
  if rule == false then return {count = -1} end
  if type(rule) == 'number' then return {count = rule} end
  return type(rule) == 'table' and rule or nil
end

-- The key of a deduplication without a time limit ends with its job.
local function end_deduplication(lane, id, name)
  local key = lane .. 'de:' .. name
  if redis.call('PTTL', key) == -1 and redis.call('GET', key) == id then redis.call('DEL', key) end
  if redis.call('EXISTS', lane .. 'dn:' .. name) == 1 then
    found['QUE-DEDUPLICATION-NEXT'] = (found['QUE-DEDUPLICATION-NEXT'] or 0) + 1
    where['QUE-DEDUPLICATION-NEXT'] = lane .. id
  end
end

-- The lock goes, and BullMQ's mark of a job that may have stalled.
local function free(lane, id)
  held[lane .. id] = nil
  freed[#freed + 1] = lane .. id .. ':lock'
  later('SREM', lane .. 'stalled', id)
end

-- False when somebody took the job from `active`; then it is theirs, and its place is left as it is.
local function let_go(lane, id)
  if redis.call('LREM', lane .. 'active', -1, id) == 0 then return false end
  free(lane, id)
  if not touched[lane] then trim_events(lane) end
  touched[lane] = true
  return true
end

-- BullMQ keeps a text for each failure, the last `stackTraceLimit` of them.
local function stacktrace(key, options, text)
  local texts, limit = decoded(redis.call('HGET', key, 'stacktrace') or '[]'), tonumber(options.stackTraceLimit)
  texts[#texts + 1] = text
  while limit and #texts > math.max(limit, 0) do table.remove(texts, 1) end
  return #texts == 0 and '[]' or cjson.encode(texts)
end

local function keep_finished(lane, id, set, field, value, made, rule)
  redis.call('ZADD', lane .. set, whole(now), id)
  redis.call('HSET', lane .. id, field, value, 'finishedOn', whole(now), 'atm', whole(made))
  if rule then trim(lane, set, rule) else unruled[lane .. set] = {lane, set} end
end

local function finish(lane, id, job, set, field, value, rule_name)
  local options, deduplication, made = unpack(job, 1, 3)
  if not let_go(lane, id) then return nil end
  finished[lane] = true
  if deduplication then end_deduplication(lane, id, deduplication) end
  made = number_of(made) + 1
  local rule = rule_of(options or '{}', rule_name)
  if rule and amount(rule.count) == 0 then
    remove_job(lane, id)
  else
    keep_finished(lane, id, set, field, value, made, rule)
  end
  emit(lane, set, 'jobId', id, field, value, 'prev', 'active')
  return made
end

local function fail(lane, id, reason, job)
  local key, options = lane .. id, decoded(job[1] or '{}')
  local made = finish(lane, id, job, 'failed', 'failedReason', reason, 'removeOnFail')
  if not made then return end
  if redis.call('EXISTS', key) == 1 then
    redis.call('HSET', key, 'stacktrace', stacktrace(key, options, reason))
    redis.call('HDEL', key, 'defa')
  end
  if made >= (tonumber(options.attempts) or 0) then
    emit(lane, 'retries-exhausted', 'jobId', id, 'attemptsMade', made)
  end
end

local function delay(lane, id, due)
  if not let_go(lane, id) then return end
  due = math.max(due, now)
  redis.call('HSET', lane .. id, 'delay', whole(due - now))
  delay_until(lane, id, due)
  emit(lane, 'delayed', 'jobId', id, 'delay', whole(due))
  mark_due(lane)
end

local ACTIONS = {
  complete = function(lane, id, value, job)
    finish(lane, id, job, 'completed', 'returnvalue', value, 'removeOnComplete')
  end,
  fail = fail,
  delay = function(lane, id, value) delay(lane, id, tonumber(value)) end,
}

local function count(table, name, by) table[name] = (table[name] or 0) + by end

local function meet(code, place)
  count(found, code, 1)
  where[code] = place
end

-- The intent was lost with the worker that knew it.
local function make_known(item, attempt)
  local provider = string.match(item[15], '^[^|]*')
  redis.call('HSET', attempt, 'provider', provider, 'why', 'first', 'at', whole(now), 'digest', '', 'owner', token,
    'members', item[3])
  local record = own .. 'msg:' .. item[3]
  local list = redis.call('HGET', record, 'attempts')
  redis.call('HSET', record, 'attempts', list and list .. ' ' .. item[5] or item[5])
end

-- Returns false when the outcome was written before by somebody else, in another sense.
local function write_outcome(item)
  local attempt = own .. 'att:' .. item[5]
  local intended, written, generation, at = unpack(redis.call('HMGET', attempt, 'provider', 'outcome', 'gen', 'at'))
  if not intended and item[6] == '0' then return true end
  if not intended then make_known(item, attempt) end
  if written == item[7] then return true end
  if written and not (item[6] == '2' and string.sub(written, 1, 1) ~= '2') then return false end
  redis.call('HSET', attempt, 'outcome', item[7], 'result_at', whole(now))
  later('ZREM', own .. 'inflight', item[5])
  if item[15] == '' then return true end
  count(calls, item[15], 1)
  if written then return true end -- evidence that came later says nothing of how the provider is now
  local provider = string.match(item[15], '^[^|]*')
  tally.measure(item[15], provider, item[20])
  tally.weigh(own, now, rules, {provider = provider, weight = item[18], detail = item[19], message = item[3],
    generation = generation, at = tonumber(at or now)})
  return true
end

local function add(fields, ...)
  for _, text in ipairs({...}) do fields[#fields + 1] = text end
end

local function change_state(fields, item, old, state)
  add(fields, 'state', state, 'reason', item[9], 'changed_at', whole(now))
  if item[21] ~= '' and not OPEN[state] then add(fields, 'facts', item[21]) end
  if item[10] ~= '' then add(fields, 'provider', item[10], 'provider_id', item[11]) end
  if not OPEN[old] then count(totals, old, -1) end
  if not OPEN[state] then count(totals, state, 1) end
  if old == 'unknown' then redis.call('ZREM', own .. 'unknown', item[3]) end
  if state == 'unknown' then redis.call('ZADD', own .. 'unknown', whole(now), item[3]) end
end

-- The attempts of an archived message are on the disk, and its state is final. The job ends as it did; that another
-- copy is out than the one on the disk is told.
local function pass_over(item, lane, version, provider_id)
  if item[5] == '' and version ~= item[4] then return {'stale', version} end
  if item[6] == '2' and item[11] ~= '' and item[11] ~= provider_id then meet('MSG-COPY-LATE', (lane or '') .. item[2]) end
  return nil, version
end

-- Returns an answer when nothing may be done, else the new version. Who brings a second acceptance to end the job with
-- must look again: the job tells of the first one, as the record does.
local function write_record(item, lane, mine)
  local record = own .. 'msg:' .. item[3]
  local version, old, attempts, job, looks, archived, provider_id =
    unpack(redis.call('HMGET', record, 'v', 'state', 'attempts', 'job', 'looks', 'archived', 'provider_id'))
  version, old = tonumber(version or 0), old or 'queued'
  if archived then return pass_over(item, lane, version, provider_id) end
  local moved
  local fields = {'v', whole(following(version, now))} -- one write: each costs the server a microsecond or two a mail
  if item[5] ~= '' then
    if not write_outcome(item) then return {'stale', version} end
    moved = item[4] ~= '' and version ~= item[4]
    if mine and TAKEN[old] and item[12] == 'complete' and item[11] ~= provider_id then moved = true end
  elseif version ~= item[4] then
    return {'stale', version}
  end
  local ended = not OPEN[old] and (attempts or not AT_THE_DOOR[old])
  if item[8] ~= '' and item[8] ~= old and not TAKEN[old] and (not ended or item[6] == '2') then
    change_state(fields, item, old, item[8])
  elseif ended and item[6] ~= '2' and item[8] ~= old then
    return {'stale', version}
  end
  if item[14] == '1' then add(fields, 'looks', whole(tonumber(looks or 0) + 1), 'looked_at', whole(now)) end
  local reopened = not OPEN[old] and OPEN[item[8]] -- the job with which it ended at the door carries it no more
  if not job or reopened then add(fields, 'job', (lane or '') .. item[2]) end
  redis.call('HSET', record, unpack(fields))
  return moved and {'stale', following(version, now)} or nil, following(version, now)
end

-- The audit finds the record of a job by its id; where that is not the message's, it is told. A job whose data name
-- another message by now stays in its census, for the record that is left behind.
local function tell_audit(item, lane)
  local key, action = lane .. item[2], item[12]
  if action == 'delay' and item[3] ~= '' then redis.call('HSETNX', own .. 'jobs', key, item[3]) end
  if action ~= 'complete' and action ~= 'fail' or open_record(own, lane, item[2]) then return end
  redis.call('HDEL', own .. 'jobs', key)
  redis.call('ZREM', own .. 'census:' .. lane, item[2])
end

-- Of a job whose hash is gone only the id is left, and nobody else would let go of it.
local function drop_ghost(lane, id)
  if redis.call('LREM', lane .. 'active', -1, id) > 0 then meet('QUE-GHOST', lane .. id) end
  free(lane, id)
end

local function act(item, lane)
  local id, action = item[2], item[12]
  if id ~= item[3] then tell_audit(item, lane) end
  if action == 'keep' or action == 'none' then return end
  local job = redis.call('HMGET', lane .. id, 'opts', 'deid', 'atm', 'timestamp')
  if job[4] or redis.call('EXISTS', lane .. id) == 1 then -- every job of BullMQ has a timestamp
    ACTIONS[action](lane, id, item[13], job)
  else
    drop_ghost(lane, id)
  end
end

-- An outcome that the server has lost is taken even when the job is not the caller's any more.
local function missing(item)
  return item[17] == '1' and redis.call('HEXISTS', own .. 'att:' .. item[5], 'outcome') == 0
end

local function settle(item)
  local lane = item[1] > 0 and KEYS[1 + item[1]] or nil
  local mine = not lane or held[lane .. item[2]] == token
  if not mine and item[6] ~= '2' and not missing(item) then return {'lost', 0} end
  local version = 0
  if item[3] ~= '' then
    local answer
    answer, version = write_record(item, lane, mine)
    if answer then return answer end
  end
  if not mine then return {'late', version} end
  if item[16] ~= '' then meet(item[16], (lane or '') .. item[2]) end
  if lane then act(item, lane) end
  return {'ok', version}
end

-- `last` tells when each kind of call came up last, as `note` does of findings.
local function flush(hash, counts, dated)
  for name, by in pairs(counts) do
    redis.call('HINCRBY', own .. hash, name, by)
    if dated then redis.call('HSET', own .. 'last', name, whole(now)) end
  end
end

-- A Node worker asks for the next job as it settles one. So when nothing is left it says so, but not while it is
-- told to wait: by a pause, by delayed jobs, by a person's rate limit.
local function drained(lane)
  local left = redis.call('LLEN', lane .. 'wait') + redis.call('LLEN', lane .. 'active')
    + redis.call('ZCARD', lane .. 'prioritized') + redis.call('ZCARD', lane .. 'delayed')
  if left > 0 then return end
  local paused, max = unpack(redis.call('HMGET', lane .. 'meta', 'paused', 'max'))
  local limited = max and tonumber(redis.call('GET', lane .. 'limiter') or '0') >= tonumber(max)
  if not paused and not limited then emit(lane, 'drained') end
end

-- Under a person's concurrency limit, a place has become free: whoever sleeps must look again.
local function wake(lane)
  local paused, concurrency = unpack(redis.call('HMGET', lane .. 'meta', 'paused', 'concurrency'))
  if not concurrency or paused then return end
  if redis.call('LLEN', lane .. 'wait') + redis.call('ZCARD', lane .. 'prioritized') > 0 then mark_work(lane) end
end

-- What was done for the items before one that the server refuses stands, so their locks must go, too.
local fine, failure = pcall(function()
  for _, item in ipairs(items) do
    local done, answer = guarded(settle, item)
    answers[#answers + 1] = done and answer or {'broken', answer}
  end
end)
for first = 1, #freed, MOST do redis.call('DEL', unpack(freed, first, math.min(first + MOST - 1, #freed))) end
send_gathered()
if not fine then error(failure, 0) end
for _, place in pairs(unruled) do guarded(trim, place[1], place[2], keep[place[2]]) end
for lane in pairs(finished) do guarded(drained, lane) end
for lane in pairs(touched) do guarded(wake, lane) end
flush('totals', totals)
flush('calls', calls, true)
tally.write(own, now, rules)
for code, by in pairs(found) do note(own, code, by, now, where[code]) end
return {whole(now), answers}
