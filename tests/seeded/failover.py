"""Bugs in the breaker, the board, what is counted, and the prober."""

from seeded.bug import Bug

BREAKER = ("domain/test_breaker.py", "domain/test_board.py", "domain/test_transition.py")
SHUT = ("domain/test_shut.py",)
COUNTS = ("domain/test_tally.py", "domain/test_metric.py", "domain/test_budget.py")
BOARD = ("store/test_board.py", "store/test_tally.py")
CREW = ("engine/test_failover.py",)
POLICY, MOVES = "domain/breaker.py", "store/lua/move.lua"
TALLY, ADMIT = "store/lua/tally.lua", "store/lua/admit.lua"

BUGS = (
    # -- breaker
    Bug("trips over one message", POLICY, "and breaker.messages >= rules.messages)", ")", BREAKER),
    Bug("trips at the second fault", POLICY, "breaker.faults >= rules.faults and", "breaker.faults >= 2 and", BREAKER),
    Bug("trips on a few calls", POLICY, "minute.calls < rules.calls or", "", BREAKER),
    Bug("trips while automation is paused", POLICY, "_AUTOMATIC = (Counted, Minute)", "_AUTOMATIC = ()", BREAKER),
    Bug(
        "opens a window a moment early",
        POLICY,
        "    if now < breaker.until:",
        "    if now < breaker.until - 1:",
        BREAKER,
    ),
    Bug(
        "has windows without a cap", POLICY, "min(rules.window * trips, rules.longest)", "rules.window * trips", BREAKER
    ),
    Bug("lengthens every window", POLICY, "breaker.trips + 1 if flapping else 1", "breaker.trips + 1", BREAKER),
    Bug("forgets earlier trips", POLICY, "breaker.trips + 1 if flapping else 1", "1", BREAKER),
    Bug(
        "closes after two probes",
        POLICY,
        "breaker.successes + 1 < rules.probes",
        "breaker.successes + 2 < rules.probes",
        BREAKER,
    ),
    Bug(
        "hears a probe that lost its place",
        POLICY,
        "breaker.phase is not Phase.HALF_OPEN or breaker.probe != probed.probe",
        "breaker.phase is not Phase.HALF_OPEN",
        BREAKER,
    ),
    Bug("keeps its generation", POLICY, "return max(breaker.generation + 1, now)", "return now", BREAKER),
    Bug(
        "does not cut a window of a clock set back",
        POLICY,
        "if breaker.phase is Phase.OPEN and breaker.until >",
        "if False and breaker.until >",
        BREAKER,
    ),
    Bug(
        "lets a message be the first probe",
        POLICY,
        "if critical or not breaker.successes else 0",
        "if critical else 0",
        BREAKER,
    ),
    Bug(
        "risks critical messages",
        POLICY,
        "if critical or not breaker.successes else 0",
        "if not breaker.successes else 0",
        BREAKER,
    ),
    Bug(
        "leaves standbys half-open",
        POLICY,
        "return not breaker.successes or not 0 <= now",
        "return not breaker.successes and not 0 <= now",
        BREAKER,
    ),
    # -- board and step
    Bug(
        "forces mail into an isolation",
        "domain/board.py",
        "return pinned and board.breaker(provider).phase is not Phase.ISOLATED",
        "return pinned",
        BREAKER,
    ),
    Bug("follows a pin that is over", "domain/route.py", "part.until <= now", "part.until < now", BREAKER),
    Bug(
        "takes a broken chain for whole",
        "domain/transition.py",
        "return move.sound and known in",
        "return move.sound or known in",
        BREAKER,
    ),
    Bug(
        "waits for a provider that is shut",
        "domain/situation.py",
        "situation.shut.get(provider, 0)) > situation.now",
        "0) > situation.now",
        SHUT,
    ),
    Bug(
        "sends through a provider that is shut",
        "domain/situation.py",
        "shut = situation.shut.get(provider, 0)\n",
        "shut = 0\n",
        SHUT,
    ),
    Bug("spins at the end of a window", "domain/situation.py", "situation.now + int(pace.prober * 1000))", "0)", SHUT),
    Bug(
        "replays into an open breaker",
        "domain/reconcile.py",
        "    if max(full, shut) <= situation.now:",
        "    if full <= situation.now:",
        SHUT,
    ),
    # -- what is counted
    Bug(
        "counts 429 as a fault",
        "domain/tally.py",
        "Kind.FAULT: Weight.FAULT,",
        "Kind.FAULT: Weight.FAULT,\n    Kind.THROTTLED: Weight.FAULT,",
        COUNTS,
    ),
    Bug(
        "blames a provider for a worker's death",
        "domain/tally.py",
        "Weight.NOTHING if outcome.code == ABANDONED else ",
        "",
        COUNTS,
    ),
    Bug(
        "takes a refused message for a bad probe",
        "domain/tally.py",
        "or outcome.kind in (Kind.REJECTED, Kind.SENDER)",
        "",
        COUNTS,
    ),
    Bug("charges a replay", "domain/budget.py", "not faults or why is Why.REPLAY", "not faults", COUNTS),
    Bug("counts what another generation did", TALLY, "call.generation ~= known.generation or ", "", BOARD),
    Bug("counts one message as two", TALLY, "elseif known.first ~= message then", "else", BOARD),
    Bug("forgets what was reached", TALLY, "if not before and (known.faults > 0", "if (known.faults > 0", BOARD),
    Bug(
        "does not raise the version",
        TALLY,
        "if not before and tally.reached(known, rules) then",
        "if false then",
        BOARD,
    ),
    Bug(
        "never begins a row anew",
        TALLY,
        "known.faults, known.messages, known.first, known.refused, known.changed = 0, 0, nil, '', true",
        "",
        BOARD,
    ),
    Bug(
        "counts late evidence",
        "store/lua/settle.lua",
        "  if written then return true end -- evidence",
        "  -- evidence",
        BOARD,
    ),
    Bug("closes a sender for ever longer", TALLY, "or (old > now and old <= now + rules[3])", "", BOARD),
    Bug("reaches while automation is paused", TALLY, "if rules[1] == 0 then return false end", "", BOARD),
    # -- scripts of the board
    Bug("admits on an old board", ADMIT, "  if board ~= item[16] then return {'moved'} end\n", "", BOARD),
    Bug("lets two probes go", ADMIT, "and known.ends or nil", "and nil", BOARD),
    Bug("keeps a place for the hour of a clock set back", ADMIT, "left > 0 and left <= item[17]", "left > 0", BOARD),
    Bug("retries without a budget", ADMIT, "local turn = poor(item) or take(item)", "local turn = take(item)", BOARD),
    Bug("moves what has moved on", MOVES, "if (told[1] or '0') ~= move[2] or", "if", BOARD),
    Bug("moves a breaker under another probe", MOVES, " or (told[2] or '') ~= move[3] then", " then", BOARD),
    Bug("trips on counts that began anew", MOVES, "number(3) >= move[4] and number(4) >= move[5] and", "", BOARD),
    Bug(
        "changes the route over another's change",
        MOVES,
        "if ARGV[4] and (redis.call('HGET', board, 'version') or '0') ~= ARGV[4] then return nil end\n",
        "",
        BOARD,
    ),
    Bug(
        "probes without the duty",
        "store/lua/place.lua",
        "if not leased(own, 'prober', ARGV[6]) then return 0 end\n",
        "",
        BOARD,
    ),
    Bug(
        "has versions that a lost write repeats",
        "store/lua/prelude.lua",
        "whole(following(version, now))",
        "whole(version + 1)",
        BOARD,
    ),
    # -- engine
    Bug(
        "decides nothing that is due",
        "engine/board.py",
        "for event in (Counted(), Time())",
        "for event in (Time(),)",
        CREW,
    ),
    Bug(
        "leaves windows that are over",
        "engine/board.py",
        "for event in (Counted(), Time())",
        "for event in (Counted(),)",
        CREW,
    ),
    Bug(
        "tells nobody of a probe",
        "engine/carry.py",
        "            if intent.lease:\n                await self._probed(intent, outcome)\n",
        "",
        CREW,
    ),
    Bug(
        "sends without the place of the probe",
        "engine/board.py",
        "return self._revision.rules.lease if probes(",
        "return 0.0 if probes(",
        CREW,
    ),
    Bug(
        "trips while a person watches",
        "engine/board.py",
        "return at(board.route, now).manual is None",
        "return True",
        CREW,
    ),
    Bug("does not hear of an end", "engine/board.py", "await self.refresh(self.board)", "pass", CREW),
    Bug(
        "ignores a pin",
        "engine/board.py",
        "return able if self._calm else ordered(able, at(self.board.route, now).pin)",
        "return able",
        CREW,
    ),
    Bug("forgets the sender", "engine/board.py", 'email = sender.email if sender else ""', 'email = ""', CREW),
    Bug("probes beside another prober", "engine/prober.py", "        if not fence:\n            return\n", "", CREW),
    Bug(
        "judges no minute",
        "engine/prober.py",
        "            await self._judge(name, breaker)\n",
        "            pass\n",
        CREW,
    ),
    Bug("leaves a pin that is over", "engine/prober.py", "if rest != board.route:", "if False:", CREW),
)
