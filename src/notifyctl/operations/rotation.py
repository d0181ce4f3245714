"""Carry a rotation out, one step after the other; whoever is killed goes on where it stopped. See `domain/rotation`.

Each step is written into the file of secrets together with the values that it changes, and only then it is over. What
a provider was asked and never told us is looked for before it is asked again.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from notifyctl.domain.errors import Bad, Refused, Unreachable, Usage, Waiting
from notifyctl.domain.keymaking import KeyInfo
from notifyctl.domain.provider import Health, Provider
from notifyctl.domain.rotation import (
    DEEDS,
    Left,
    Rotation,
    Step,
    User,
    dead,
    fixed,
    guidance,
    in_use,
    left_by,
    looked,
    orphans,
    starting_anew,
    write,
)
from notifyctl.domain.secret_file import KEYS, NEXT, OLD, SecretFile, demand_value, fingerprint
from notifyctl.engine.failpoint import Failpoint
from notifyctl.operations.keymaking import Smith
from notifyctl.operations.probe import probe
from notifyctl.operations.rotation_file import Values, in_file, over, promoted, restored, standing
from notifyctl.operations.secrets import Who, update
from notifyctl.store import secret_file as disk
from notifyctl.store.board import Boards
from notifyctl.store.secret_file import Place
from notifyctl.store.workers import Workers

SETTLING = 60.0  # seconds in which a provider lets a new key in everywhere, and an old one nowhere
_ASKS_WITH = {"resend": "NOTIFYCTL_RESEND_ADMIN_KEY", "ses": "NOTIFYCTL_AWS_ADMIN_ACCESS_KEY"}


class Limits(NamedTuple):
    """`horizon`: seconds in which calls with the old key may be under way after all have followed; `wait`: how long to
    wait for workers or a person, `every`: the time between two looks, both in seconds. `ended`: seconds after which a
    worker that was just ended is not seen any more."""

    horizon: float
    wait: float
    every: float
    ended: float = 0


@dataclass(frozen=True)
class Rotator:
    """Rotates the key of one provider. `account` makes its provider from values, `smith` is None where a person makes
    the keys; `value` asks a person for a new one, `told` hears of each step, and what is
    waited for."""

    place: Place
    provider: str
    smith: Smith | None
    account: Callable[[Values], Provider]
    workers: Workers
    boards: Boards
    limits: Limits
    value: Callable[[str, Sequence[str]], str]
    told: Callable[[str], None] = lambda _: None
    failpoint: Failpoint = field(default_factory=Failpoint)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the provider's secrets; the first one stands for all."""
        return KEYS[self.provider]

    async def run(self, who: Who, old_id: str = "") -> Rotation:
        """Begin, or go on, to the end. Raises `Waiting` where a person or a worker is waited for in vain, `Unreachable`
        when somebody does not answer, `Bad` when a key is not as it must be: then the same call goes on later."""
        with disk.locked(self.place, self.names[0]):
            rotation = standing(disk.read(self.place), self.provider) or await self._begin(who, old_id)
            self._demand_smith(rotation)
            while True:
                self.told(f"{rotation.step}: {DEEDS[rotation.step]}")
                self.failpoint.reach(f"rotation-{rotation.step}")
                if rotation.step is Step.DEAD:
                    return await self._record(rotation)
                rotation = await self._deeds[rotation.step](rotation)

    @property
    def _deeds(self) -> Mapping[Step, Callable[[Rotation], Awaitable[Rotation]]]:
        return {
            Step.BEGUN: self._create, Step.STAGED: self._probe, Step.PROBED: self._promote,
            Step.PROMOTED: self._observe, Step.OBSERVED: self._revoke, Step.REVOKED: self._prove,
        }  # fmt: skip

    async def abort(self, who: Who) -> tuple[Rotation, Left | None]:
        """Go back to the old key, as long as it is not revoked; raises `Refused` when it may be, or nothing has begun.
        What stays alive is returned, and remembered for `rotation_left`.
        """
        name = self.names[0]
        with disk.locked(self.place, name):
            rotation = standing(disk.read(self.place), self.provider)
            if rotation is None or rotation.done(Step.OBSERVED):
                what = "the old key is being revoked" if rotation else f"no rotation of {name} is under way"
                raise Refused("KEY-ABORT", f"{what}; nothing was changed", name)
            alive = left_by(rotation, self.smith is not None, who.at)
            if self.smith and not rotation.done(Step.PROMOTED):
                lost = {*await self._lost(rotation, self.smith)} - {rotation.new_id}
                for identity in filter(None, (rotation.new_id, *lost)):
                    await self.smith.revoke(identity)
            still = f"; {alive.words} is still alive at {self.provider}" if alive else ""
            told = f"back to the old key {rotation.old}{still} ({rotation.id}): {who.why}"
            await self._note_once(f"secrets rotate {name} --abort", rotation.id, who.by, told)
            update(self.place, lambda file: over(restored(file, self.names, rotation, alive), self.names, who))
        return rotation, alive

    async def _begin(self, who: Who, old_id: str) -> Rotation:
        file = disk.read(self.place)
        values = in_file(file, self.names)
        keys = await self.smith.keys() if self.smith else ()
        rotation = Rotation(
            os.urandom(4).hex(), self.provider, Step.BEGUN, who.at, who.by, who.why, fingerprint(*values),
            old_id=self._old_id(file, values, keys, old_id), known=[key.id for key in keys],
        )  # fmt: skip
        name = self.names[0]
        update(self.place, lambda now: now._replace(rotations={**now.rotations, name: write(rotation)}))
        return rotation

    def _old_id(self, file: SecretFile, values: Values, keys: Sequence[KeyInfo], given: str) -> str:
        """The provider's name of the key that goes. Raises `Usage` where it is not known: another key must not die."""
        if self.smith is None:
            return ""
        own = values[0].reveal() if len(values) > 1 else ""  # at AWS the id is one of the values
        if own and given not in ("", own):
            what = f"{given} is not the key in the file; nothing was changed"
            raise Usage("KEY-OLD-ID", what, "--old-id", f"leave it out: {self.names[0]} says which one it is")
        known = own or given or file.ids.get(self.names[0], "")
        if known in [key.id for key in keys]:
            return known
        listed = ", ".join(f"{key.id} ({key.name or 'no name'})" for key in keys) or "none"
        what = f"{self.provider} has these keys: {listed}" if len(values) == 1 else "the old key is not in the list"
        fix = "say which one is used now, so that it can be revoked: --old-id ID"
        raise Usage("KEY-OLD-ID", what, "--old-id", fix)

    async def _create(self, rotation: Rotation) -> Rotation:
        """A new key, by the provider's interface or from a person; one that was made before a kill is revoked first."""
        if self.smith is None:
            lines = (f"Make a new key. {'; '.join(guidance(self.provider)['make'])}.",)
            values = tuple(demand_value(name, self.value(name, lines)) for name in self.names)
            return self._stage(rotation, values, "")
        for identity in await self._lost(rotation, self.smith):
            await self.smith.revoke(identity)
        asked = self._step(rotation, rotation._replace(asked=int(time.time())))
        try:
            made = await self.smith.make(asked.label)
        except Bad:
            self._step(asked, asked._replace(asked=0))  # none of those that are there now is ours
            raise
        self.failpoint.reach("rotation-made")
        return self._stage(asked, made.values, made.id)

    async def _lost(self, rotation: Rotation, smith: Smith) -> list[str]:
        """The ids of keys that were made before a kill. One without a name is ours only if it was never used, and of
        that not every list tells."""
        found = orphans(rotation, await smith.keys())
        return [key.id for key in found if key.name or not await smith.last_use(key.id)]

    def _demand_smith(self, rotation: Rotation) -> None:
        """Raise `Waiting` where a key was made by an interface that we have no key for now."""
        if rotation.old_id and self.smith is None and not rotation.done(Step.OBSERVED):
            where, fix = _ASKS_WITH[self.provider], "set it as before, and the same command goes on; or --abort"
            raise Waiting("KEY-WAITS", "this rotation began with an administrator's key; it is missing now", where, fix)

    def _stage(self, rotation: Rotation, values: Values, identity: str) -> Rotation:
        if fingerprint(*values) == rotation.old:
            raise Usage("KEY-VALUE", "this is the key that is used now", self.names[0], "make a new one")
        staged = rotation._replace(step=Step.STAGED, new=fingerprint(*values), new_id=identity)
        named = {f"{name}{NEXT}": value for name, value in zip(self.names, values, strict=True)}
        return self._step(rotation, staged, lambda file: file._replace(values={**file.values, **named}))

    async def _probe(self, rotation: Rotation) -> Rotation:
        """The new key is known to the provider; perhaps after a while. A typed one is asked for anew."""
        health = await self._until(
            NEXT, lambda found: found.state in ("ready", "degraded"), SETTLING * bool(self.smith)
        )
        if health.state in ("ready", "degraded"):
            return self._step(rotation, rotation._replace(step=Step.PROBED))
        if health.state == "unreachable":
            raise Unreachable("KEY-UNSEEN", f"{self.provider} does not answer: {health.detail}", self.provider)
        if self.smith is None:
            named = [f"{name}{NEXT}" for name in self.names]
            self._step(rotation, rotation._replace(step=Step.BEGUN, new=""), lambda file: file.without(*named))
        raise Bad("KEY-REFUSED", f"{self.provider} refuses the new key: {health.detail}", self.names[0])

    async def _promote(self, rotation: Rotation) -> Rotation:
        after = rotation._replace(step=Step.PROMOTED, promoted=int(time.time()))
        return self._step(rotation, after, lambda file: promoted(file, self.names, after))

    async def _observe(self, rotation: Rotation) -> Rotation:
        """Wait until nobody uses the old key; raises `Waiting` when that takes too long, and soon for a worker that
        will never follow: only a person can end that wait."""
        began, said = time.monotonic(), ""
        while True:
            rotation, why, never = await self._look(rotation)
            if not why:
                return self._step(rotation, rotation._replace(step=Step.OBSERVED))
            fix = starting_anew(never) if never else "see notifyctl worker list"
            if said != (said := why.partition(" for ")[0]):
                self.told(f"  waiting: {why}{f'; {fix}' if never else ''}")
            if time.monotonic() - began > (self.limits.ended if never else self.limits.wait):
                what = f"the old key is not revoked yet: {why}"
                raise Waiting("KEY-IN-USE", what, self.names[0], f"{fix}; the same command goes on")
            await asyncio.sleep(self.limits.every)

    async def _look(self, rotation: Rotation) -> tuple[Rotation, str, Sequence[User]]:
        """What a look at the workers changes, which is written down, why the old key may not be revoked yet, and the
        workers that will never follow."""
        beats, name = await self.workers.list(), self.provider
        users = [User(f"{beat.host}/{beat.pid}", beat.keys.get(name, ""), beat.pinned.get(name, "")) for beat in beats]
        now, horizon = int(time.time()), self.limits.horizon
        after = looked(rotation, users, now)
        rotation = rotation if after == rotation else self._step(rotation, after)
        why = in_use(rotation, users, 0, now, horizon)
        if why or not self.smith or not rotation.old_id:
            # before that the provider is not asked: it counts such calls as it counts mail
            return rotation, why, fixed(rotation, users)
        return rotation, in_use(rotation, users, await self.smith.last_use(rotation.old_id), now, horizon), ()

    async def _revoke(self, rotation: Rotation) -> Rotation:
        """By the interface; without one there is no id that we could have revoked, and a person is asked for it."""
        if self.smith and rotation.old_id:
            await self.smith.revoke(rotation.old_id)
        revoked = rotation.old_id if self.smith else ""
        return self._step(rotation, rotation._replace(step=Step.REVOKED, old_id=revoked))

    async def _prove(self, rotation: Rotation) -> Rotation:
        """The provider refuses the old key; a person is waited for where there is no interface."""
        where = "; ".join(guidance(self.provider)["revoke"])
        if not rotation.old_id:
            self.told(f"  waiting until the old key, fingerprint {rotation.old}, is refused. {where}.")
        health = await self._until(OLD, dead, SETTLING if rotation.old_id else self.limits.wait)
        if dead(health):
            return self._step(rotation, rotation._replace(step=Step.DEAD))
        if health.state == "unreachable":
            raise Unreachable("KEY-UNSEEN", f"{self.provider} does not answer: {health.detail}", self.provider)
        if rotation.old_id:
            what = f"the old key still works; revoked was {rotation.old_id}"
            raise Bad("KEY-ALIVE", what, self.names[0], "look at the provider's list of keys; the same command goes on")
        fix = f"{where}. The same command goes on"
        raise Waiting("KEY-ALIVE", f"the old key, fingerprint {rotation.old}, still works", self.names[0], fix)

    async def _record(self, rotation: Rotation) -> Rotation:
        """Into the history, unless it is there already, and into the trail of the file, with which it is over."""
        proof = f"old key {rotation.old} proved dead, new key {rotation.new} in use ({rotation.id}): {rotation.reason}"
        verb = f"secrets rotate {self.names[0]}"
        await self._note_once(verb, rotation.id, rotation.by, proof)
        self.failpoint.reach("rotation-noted")
        update(self.place, lambda file: over(file, self.names, Who(rotation.by, int(time.time()), proof)))
        return rotation

    async def _note_once(self, verb: str, identity: str, by: str, text: str) -> None:
        if not any(identity in entry.reason and entry.verb == verb for entry in await self.boards.history()):
            await note(self.boards, verb, by, text)

    def _step(
        self, before: Rotation, after: Rotation, change: Callable[[SecretFile], SecretFile] = lambda file: file
    ) -> Rotation:
        """Write a step and what it changes; raises `Refused` when the file is not at the step that it rests on."""
        name = self.names[0]

        def write_it(file: SecretFile) -> SecretFile:
            if file.rotations.get(name) != write(before):
                raise Refused("KEY-BUSY", "somebody else has moved this rotation; nothing was changed", name)
            return change(file)._replace(rotations={**file.rotations, name: write(after)})

        update(self.place, write_it)
        return after

    async def _until(self, suffix: str, good: Callable[[Health], bool], wait: float = SETTLING) -> Health:
        """What the provider says of the key under NAME and a suffix, as soon as it is good, or after that time."""
        values = in_file(disk.read(self.place), tuple(f"{name}{suffix}" for name in self.names))
        end = time.monotonic() + wait
        while True:
            (seen,) = await probe({self.provider: self.account(values)}, [self.provider])
            if good(seen.health) or time.monotonic() > end:
                return seen.health
            await asyncio.sleep(self.limits.every)


async def note(boards: Boards, verb: str, by: str, reason: str) -> None:
    """Put a line into the history that moves no mail. Raises `Unreachable`."""
    written = None
    while written is None:
        board = (await boards.look()).board
        written = await boards.change_route(board.version, board.route, verb, by, reason)
