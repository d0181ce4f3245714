-- Tally: what is counted for breakers, measures and budgets; the loader puts it between the prelude and settle or weigh.
-- KEYS, ARGV, Reply: none of its own.
-- Invariants: an outcome counts once, and only in the generation of the breaker under which its call was admitted; counts
--             that have reached their numbers stay until a move, and reaching them raises the board's version, so that
--             nobody is admitted who does not know; what is counted is written once a batch.
local tally = {breakers = {}, minutes = {}, good = {}}
local MINUTES = 49 * 3600 * 1000 -- ms for which the counts of a minute are kept
local SLOT, SLOTS = 10000, 130000 -- ms of a slot of the rate rule, and for which it is kept

function tally.breaker(own, provider)
  local known = tally.breakers[provider]
  if known then return known end
  local told = redis.call('HMGET', own .. 'breaker:' .. provider, 'generation', 'phase', 'faults', 'messages', 'first',
    'refused')
  known = {generation = told[1] or '0', closed = not told[2] or told[2] == 'closed', faults = tonumber(told[3] or 0),
    messages = tonumber(told[4] or 0), first = told[5] or nil, refused = told[6] or '', calls = 0, bad = 0}
  tally.breakers[provider] = known
  return known
end

-- Whether there is something to decide; never while automation is paused, of which rules of 0 faults tell.
function tally.reached(known, rules)
  if rules[1] == 0 then return false end
  return known.refused ~= '' or (known.faults >= rules[1] and known.messages >= rules[2])
end

function tally.fault(known, message)
  known.faults = known.faults + 1
  if not known.first then
    known.first, known.messages = message, 1
  elseif known.first ~= message then
    known.messages = 2
  end
end

-- A sender that is refused is closed from the call on; a closure that holds is not made longer.
function tally.close_sender(own, now, rules, provider, sender, at)
  local name, ends = provider .. '|' .. sender, at + rules[3]
  local old = tonumber(redis.call('HGET', own .. 'senders', name) or 0)
  if ends <= now or (old > now and old <= now + rules[3]) then return end
  redis.call('HSET', own .. 'senders', name, whole(ends))
  tally.raised = true
end

-- Count an outcome: `weight` is fault, accepted, account (`detail` is the code), sender (the address) or ''.
function tally.weigh(own, now, rules, call)
  local known = tally.breaker(own, call.provider)
  if call.weight == 'accepted' then tally.good[call.provider] = (tally.good[call.provider] or 0) + 1 end
  if call.weight == 'sender' then tally.close_sender(own, now, rules, call.provider, call.detail, call.at) end
  if call.generation ~= known.generation or not known.closed then return end
  local before = tally.reached(known, rules)
  if call.weight == 'fault' then
    tally.fault(known, call.message)
    known.calls, known.bad, known.changed = known.calls + 1, known.bad + 1, true
  elseif call.weight == 'account' then
    known.refused, known.changed = call.detail, true
  elseif call.weight == 'accepted' then
    known.calls = known.calls + 1
    if not before and (known.faults > 0 or known.refused ~= '') then
      known.faults, known.messages, known.first, known.refused, known.changed = 0, 0, nil, '', true
    end
  end
  if not before and tally.reached(known, rules) then tally.raised = true end
end

-- Count a call in its minute, and how long its message took when it was accepted (the number of a bucket).
function tally.measure(name, provider, bucket)
  tally.minutes[name] = (tally.minutes[name] or 0) + 1
  if bucket < 0 then return end
  local measured = provider .. '|took|' .. bucket
  tally.minutes[measured] = (tally.minutes[measured] or 0) + 1
end

function tally.write_breaker(own, now, provider, known)
  local key = own .. 'breaker:' .. provider
  if known.changed then
    redis.call('HSET', key, 'faults', known.faults, 'messages', known.messages, 'refused', known.refused)
    if known.first then redis.call('HSET', key, 'first', known.first) else redis.call('HDEL', key, 'first') end
  end
  if known.calls == 0 then return end
  local pulse = own .. 'pulse:' .. provider .. ':' .. whole(math.floor(now / SLOT))
  redis.call('HINCRBY', pulse, known.generation .. '|calls', known.calls)
  if known.bad > 0 then redis.call('HINCRBY', pulse, known.generation .. '|faults', known.bad) end
  redis.call('PEXPIRE', pulse, SLOTS)
end

-- Successes fill a budget again that is being used.
function tally.refund(own, provider, by, most)
  local key = own .. 'budget:' .. provider
  local tokens = redis.call('HGET', key, 'tokens')
  if tokens then redis.call('HSET', key, 'tokens', string.format('%.3f', math.min(tonumber(tokens) + by, most))) end
end

function tally.write(own, now, rules)
  for provider, known in pairs(tally.breakers) do tally.write_breaker(own, now, provider, known) end
  for provider, by in pairs(tally.good) do tally.refund(own, provider, by, rules[4]) end
  local minute, any = own .. 'minute:' .. whole(math.floor(now / 60000)), false
  for name, by in pairs(tally.minutes) do
    redis.call('HINCRBY', minute, name, by)
    any = true
  end
  if any then redis.call('PEXPIRE', minute, MINUTES) end
  if tally.raised then raise_board(own, now) end
end
