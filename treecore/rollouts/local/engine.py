"""Samples in this process, with the help of worker processes where the model alone keeps one core busy only.

Every process has its share of the prompts from the start, so that the same command makes the same batches, and with
them every bit, whatever takes how long. Small jobs never start workers: these would come too late. Knows no files.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from treecore.core.forest import Forest
from treecore.errors import PolicyError
from treecore.rollouts.config import Ask, as_read
from treecore.rollouts.engine import Machine
from treecore.rollouts.local.capacity import processes
from treecore.rollouts.local.pool import LocalHand, Unsent, pool_of, sendable
from treecore.rollouts.local.worker import Begin, Look, News, Over
from treecore.rollouts.progress import Progress
from treecore.rollouts.scheduler import Driver, Plan
from treecore.rollouts.worker_reports import Report, Tally

WORTH = 2000
"""Trajectories from which on workers pay that have to be started; some fifteen seconds for the bundled model."""
PATIENCE = 0.1

log = logging.getLogger(__name__)


class LocalEngine:
    """See `treecore.rollouts.engine.Engine`. Same errors as `Machine.load` and `as_read`.

    Raises:
        PolicyError: several workers for a model that does not take them.
    """

    def __init__(self, ask: Ask, machine: Machine) -> None:
        self.ask = ask
        self.policy: Any = machine.load(ask.model)
        self.workers = machine.workers
        if (self.workers or 1) > 1 and not getattr(self.policy, "one_core", False):
            raise PolicyError(
                "several workers are for small models on a CPU; this one uses the machine by itself",
                todo="leave workers out",
            )
        self.plan = ask.plan(self.policy, [as_read(prompt, self.policy) for prompt in ask.prompts])

    def run(
        self,
        plan: Plan,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Iterator[Forest]:
        """See `Engine.run`."""
        number = min(self._processes(plan), len(plan.prompts))
        if number > 1:
            try:
                return Shared(self, plan, number, on_progress=on_progress, should_stop=should_stop).run()
            except (Unsent, OSError) as error:
                self.alone(str(error))
        return Driver(plan, on_progress=on_progress, should_stop=should_stop).run()

    def _processes(self, plan: Plan) -> int:
        if len(plan.prompts) == 1 or not getattr(self.policy, "one_core", False):
            return 1
        if self.workers is not None:
            return self.workers
        size = plan.sampler.trajectories(plan.settings)
        return processes() if len(plan.prompts) * size >= WORTH else 1

    def alone(self, why: str) -> None:
        """Say that this process goes on alone, where more were asked for."""
        (log.info if self.workers is None else log.warning)("one process samples alone: %s", why)


class Shared:
    """One run, shared by this process and its workers.

    Args:
        engine: whose run it is.
        plan: of the run.
        number: of processes, this one included.

    Raises:
        Unsent, OSError: there can be no workers.
    """

    def __init__(
        self,
        engine: LocalEngine,
        plan: Plan,
        number: int,
        *,
        on_progress: Callable[[Progress], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self.engine, self.should_stop = engine, should_stop
        self.pool = pool_of(engine.policy)
        shares = [plan.prompts[place::number] for place in range(1, number)]
        asks = [sendable(replace(engine.ask, model="", prompts=share), "the task") for share in shares]
        self.driver = Driver(replace(plan, prompts=plan.prompts[::number]), on_progress=self._own)
        self.tally = Tally(plan, on_progress, snapshot=self._snapshot)
        self.tally.begun(self, len(self.driver.waiting))
        self.pool.hire(engine.policy, number)
        self.pool.runs += 1
        self.hands = list(self.pool.hands)
        for hand, ask, share in zip(self.hands, asks, shares, strict=True):
            hand.prompts, hand.growing = {prompt.id: prompt for prompt in share}, []
            hand.send(Begin(self.pool.runs, ask))
            self.tally.begun(hand, len(share))

    def run(self) -> Iterator[Forest]:
        """Forests in the order in which they are finished."""
        try:
            while self.driver.busy or any(hand.prompts for hand in self.hands):
                if self.should_stop is not None and self.should_stop():
                    return
                busy = self.driver.busy
                for forest in self.driver.turn() if busy else ():
                    self.tally.finished(self, forest)
                    yield forest
                yield from self._heard(0.0 if busy else PATIENCE)
                self.driver.report()
                self.tally.tell(0)
            self.tally.tell(0, last=True)
        finally:
            for hand in self.hands:
                hand.prompts.clear()
                hand.send(Over())

    def _heard(self, seconds: float) -> Iterator[Forest]:
        """What workers tell; waits for it as long."""
        for hand in self.pool.heard(seconds):
            news = hand.news()
            if news is None:
                self._lost(hand)
            elif hand in self.hands and news.run == self.pool.runs:
                yield from self._told(hand, news)

    def _told(self, hand: LocalHand, news: News) -> Iterator[Forest]:
        if news.unable:
            self._take_over(hand)
            self.engine.alone(f"the task cannot be sent to another process ({news.error})")
            return
        if news.error is not None:
            raise news.error
        hand.growing = hand.growing if news.growing is None else news.growing
        self.tally.reported(hand, news)
        for forest in news.forests:
            del hand.prompts[forest.id]
            self.tally.finished(hand, forest)
            yield forest

    def _lost(self, hand: LocalHand) -> None:
        self.pool.drop(hand)
        if hand in self.hands:
            log.warning(
                "a worker process was lost (exit code %s); its prompts are sampled here", hand.process.returncode
            )
            self._take_over(hand)

    def _take_over(self, hand: LocalHand) -> None:
        """Sample here what a worker has not finished."""
        self.hands.remove(hand)
        self.tally.lost(hand)
        self.tally.given(self, len(hand.prompts))
        self.driver.waiting.extend(hand.prompts.values())
        hand.prompts.clear()

    def _own(self, progress: Progress) -> None:
        self.tally.reported(
            self, Report(done=progress.done, total=progress.total, tokens=progress.tokens, waves=progress.waves)
        )

    def _snapshot(self) -> list[Forest]:
        """What grows here now, and what grew in the workers at the look before."""
        for hand in self.hands:
            hand.send(Look())
        theirs = [forest for hand in self.hands for forest in hand.growing if forest.id in hand.prompts]
        return [*self.driver.snapshot(), *theirs]
