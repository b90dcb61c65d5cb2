"""One worker: makes the stream, paces it, publishes it, and saves position and truth."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final, TextIO

from adlake.generator.business_desk import BusinessDesk, BusinessTopic
from adlake.generator.business_stream import BusinessStream
from adlake.generator.business_truth import write_business_truth
from adlake.generator.campaign_desk import CampaignDesk
from adlake.generator.checkpoint import Checkpoint
from adlake.generator.clock import VirtualClock
from adlake.generator.encode import Encoder
from adlake.generator.faults import FaultPlan
from adlake.generator.model import Market
from adlake.generator.options import GeneratorOptions
from adlake.generator.overspend import Overspender, overspender_of
from adlake.generator.planner import Planner
from adlake.generator.publishing import Publisher, Record
from adlake.generator.timeline import Timeline
from adlake.generator.truth import DETAIL_NAME, Truth, sum_counters, write_truth
from adlake.io import failpoints
from adlake.io.kafka.acks import PartitionAcks

CHUNK: Final = 2_000
ENDLESS_MS: Final = 1 << 60
PACE_SLEEP_SECONDS: Final = 0.02
CHECKPOINT_SECONDS: Final = 5.0
CHECKPOINT_COST_FACTOR: Final = 50
"""Wait at least this many times as long as saving took, so saving costs at most 2 %."""
RESERVE_SECONDS: Final = 30
MIN_RESERVE: Final = 100_000
JUMP_AFTER_MS: Final = 60_000
"""A live run that is further behind than this when it resumes leaves the lost time out."""
FLUSH_SECONDS: Final = 120.0
STOP_FLUSH_SECONDS: Final = 6.0


class Worker:
    """A resumable run over one publisher; `home` keeps `generator/` and `truth/`."""

    def __init__(
        self,
        options: GeneratorOptions,
        home: Path,
        topic: str,
        publisher: Publisher,
        *,
        topic_id: str = "",
        business: BusinessTopic | None = None,
        campaigns: CampaignDesk | None = None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        checkpoint_seconds: float = CHECKPOINT_SECONDS,
    ) -> None:
        self._options = options
        self._home = home
        self._topic = topic
        self._publisher = publisher
        self._now_ms = now_ms
        self._checkpoint_seconds = checkpoint_seconds
        self._stopped = False
        self._path = home / "generator" / f"{options.digest()}.json"
        self._checkpoint = self._open_checkpoint()
        self._open_acks(topic_id)
        start_ms = self._checkpoint.start_ms
        self._tag = options.run_tag(start_ms)
        self.truth_dir = home / "truth" / f"run-{options.seed}-{self._tag}-{start_ms}"
        self._detail = self._open_detail()
        self.timeline = self._build_timeline()
        self.business = None if business is None else self._open_business(business)
        # One worker speaks for the campaigns, however many there are.
        self.campaigns = campaigns if options.worker == 0 else None
        if self.campaigns is not None:
            self.campaigns.until_ms = self._checkpoint.campaigns_until_ms
        for one in self._publishers():
            one.on_resend = self._note_resend
        self._end_ms = ENDLESS_MS
        if options.duration_ms is not None:
            self._end_ms = start_ms + options.duration_ms

    def stop(self) -> None:
        """Ask the run to end after the current chunk."""
        self._stopped = True

    def run(self, report: Callable[[Worker], None] = lambda worker: None) -> None:
        """Publish until the bound is reached or `stop` is called; raises ProducerError."""
        try:
            self._loop(report)
            self._finish()
        finally:
            if self._detail is not None:
                self._detail.close()

    @property
    def acked(self) -> int:
        """Records acknowledged since this process started."""
        return self._publisher.acked

    def _loop(self, report: Callable[[Worker], None]) -> None:
        self._save()
        due = time.monotonic() + self._checkpoint_seconds
        for chunk in itertools.count():
            begun = self.timeline.deliveries
            records = None if self._stopped else self._next_records()
            if records is None:
                break
            failpoints.enter_batch(chunk)
            self._publisher.publish(records, self._is_stopped)
            self._follow()
            failpoints.reach("producer.after_send")
            report(self)
            is_spent = self.timeline.deliveries >= self._checkpoint.reserved_until
            if is_spent or time.monotonic() >= due:
                began = time.monotonic()
                if self._flush(FLUSH_SECONDS, self._is_stopped):
                    failpoints.reach("producer.after_ack")
                    self._save()
                cost = (time.monotonic() - began) * CHECKPOINT_COST_FACTOR
                due = time.monotonic() + max(self._checkpoint_seconds, cost)
            elif self.timeline.deliveries - begun < CHUNK:
                time.sleep(PACE_SLEEP_SECONDS)

    def _next_records(self) -> list[Record] | None:
        """The next chunk, possibly empty while pacing; None at the end of a bounded run."""
        timeline, options = self.timeline, self._options
        limit = min(CHUNK, self._checkpoint.reserved_until - timeline.deliveries)
        left = limit if options.events is None else options.events - timeline.deliveries
        if left > 0 and timeline.clock.time_of(timeline.deliveries) < self._end_ms:
            in_history = timeline.deliveries < options.history_events
            if in_history:
                left = min(left, options.history_events - timeline.deliveries)
            is_paced = options.paced and not in_history
            until_ms = min(self._now_ms(), self._end_ms - 1) if is_paced else self._end_ms - 1
            return timeline.chunk(min(limit, left), until_ms)
        if options.drain and timeline.pending:
            return timeline.drain(limit)
        self._checkpoint.is_finished = True
        return None

    def _finish(self) -> None:
        if self._stopped:
            self._flush(STOP_FLUSH_SECONDS, lambda: False)
        else:
            if self.business is not None and self._options.drain:
                self.business.drain(self._is_stopped)
            self._flush(FLUSH_SECONDS, self._is_stopped)
        failpoints.reach("producer.after_ack")
        self._checkpoint.is_clean = True
        self._save()

    def _follow(self) -> None:
        """Publish what else is due behind the ad events sent so far."""
        timeline, options = self.timeline, self._options
        is_paced = options.paced and timeline.deliveries >= options.history_events
        now_ms = self._now_ms() if is_paced else ENDLESS_MS
        last_ms = min(now_ms, self._end_ms - 1)
        if self.business is not None:
            self.business.follow(timeline.clock, timeline.deliveries, last_ms, self._is_stopped)
        if self.campaigns is not None:
            at_ms = timeline.clock.time_of(timeline.deliveries) - 1
            self.campaigns.follow(min(at_ms, last_ms), self._is_stopped)

    def _flush(self, timeout_seconds: float, should_stop: Callable[[], bool]) -> bool:
        # Each one, also behind one that was not done in time.
        outcomes = [one.flush(timeout_seconds, should_stop) for one in self._publishers()]
        return all(outcomes)

    def _publishers(self) -> list[Publisher]:
        publishers = [self._publisher]
        if self.business is not None:
            publishers.append(self.business.topic.publisher)
        if self.campaigns is not None:
            publishers.append(self.campaigns.publisher)
        return publishers

    def _note_resend(self, count: int) -> None:
        """Keep it before it happens: who is killed then may have sent these records twice."""
        self._checkpoint.resent_at_most += count
        saved = Checkpoint.load(self._path)
        if saved is not None:
            # What is in memory is ahead of what was acknowledged.
            saved.resent_at_most = self._checkpoint.resent_at_most
            saved.save(self._path)

    def _is_stopped(self) -> bool:
        return self._stopped

    def _save(self) -> None:
        checkpoint, timeline = self._checkpoint, self.timeline
        if self._detail is not None:
            self._detail.flush()
            checkpoint.detail_bytes = (self.truth_dir / DETAIL_NAME).stat().st_size
        checkpoint.timeline = timeline.to_state()
        checkpoint.acks = {str(p): asdict(acks) for p, acks in self._publisher.acks.items()}
        checkpoint.reserved_until = max(
            checkpoint.reserved_until, timeline.deliveries + self._reserve()
        )
        if self.business is not None:
            checkpoint.business = self.business.to_state()
        if self.campaigns is not None:
            checkpoint.campaigns_until_ms = self.campaigns.until_ms
        checkpoint.save(self._path)
        write_truth(self.truth(), self.truth_dir)
        if self.business is not None:
            is_exact = checkpoint.resent_at_most == 0
            truth = self.business.truth(
                self.truth_dir.name, is_exact=is_exact, is_finished=checkpoint.is_finished
            )
            write_business_truth(truth, self.truth_dir)

    def _reserve(self) -> int:
        return max(MIN_RESERVE, round(self._options.rate * RESERVE_SECONDS))

    def _open_checkpoint(self) -> Checkpoint:
        known = Checkpoint.load(self._path)
        if known is not None and not known.is_finished and not self._options.fresh:
            return known
        start_ms = self._options.start_at_ms
        if start_ms is None:
            return Checkpoint(self._now_ms(), reserved_until=0)
        # The same start makes the same events, so all that was sent before is sent again.
        resent = 0 if known is None else known.resent_at_most + known.sent_at_most
        checkpoint = Checkpoint(start_ms, reserved_until=0, resent_at_most=resent)
        if known is not None:
            checkpoint.topic_id, checkpoint.acks = known.topic_id, known.acks
        return checkpoint

    def _open_acks(self, topic_id: str) -> None:
        """Go on with the counts of this very topic; one made anew has acknowledged nothing.

        Without an id nobody can tell: it is taken for the same.
        """
        topic_id = topic_id or self._checkpoint.topic_id
        if self._checkpoint.topic_id == topic_id:
            stored = self._checkpoint.acks.items()
            self._publisher.acks.update({int(p): PartitionAcks(**acks) for p, acks in stored})
        self._checkpoint.topic_id = topic_id

    def _open_detail(self) -> TextIO | None:
        if not self._options.truth_detail:
            return None
        self.truth_dir.mkdir(parents=True, exist_ok=True)
        file = (self.truth_dir / DETAIL_NAME).open("a")
        file.truncate(self._checkpoint.detail_bytes)
        return file

    def _build_timeline(self) -> Timeline:
        options, checkpoint = self._options, self._checkpoint
        market = Market(options.seed)
        key = options.run_key(checkpoint.start_ms)
        begin_ms = checkpoint.start_ms - options.history_ms
        scenario = None if options.scenario is None else options.scenario.playing(begin_ms, key)
        timeline = Timeline(
            clock=self._clock(),
            planner=Planner(key, market, FaultPlan(options.faults), scenario),
            market=market,
            encoder=Encoder(self._tag),
            detail=self._detail,
        )  # fmt: skip
        if checkpoint.timeline:
            timeline.restore(checkpoint.timeline)
            self._resume(timeline)
        return timeline

    def _clock(self) -> VirtualClock:
        """That of the run from its start, without jumps."""
        options = self._options
        return VirtualClock(
            self._checkpoint.start_ms, options.milli_rate, options.history_ms,
            options.history_events, options.daily_rhythm,
        )  # fmt: skip

    def _overspender(self) -> Overspender | None:
        played = self.timeline.planner.scenario
        if played is None or not played.is_overspend:
            return None
        return overspender_of(played, self.timeline.market, self._clock(), self._options.workers)

    def _open_business(self, topic: BusinessTopic) -> BusinessDesk:
        options, timeline = self._options, self.timeline
        stream = BusinessStream(
            options.run_key(self._checkpoint.start_ms), timeline.planner, timeline.encoder,
            topic.advertisers, options.faults, overspender=self._overspender(),
        )  # fmt: skip
        desk = BusinessDesk(topic, stream)
        begin_ms = timeline.clock.time_of(timeline.deliveries)
        # Each advertiser acts once, however many workers there are.
        has_advertisers = options.worker == 0
        desk.begin(begin_ms, self._checkpoint.business, has_advertisers=has_advertisers)
        timeline.on_journey = stream.open_journey
        return desk

    def _resume(self, timeline: Timeline) -> None:
        checkpoint = self._checkpoint
        safe_from = timeline.deliveries if checkpoint.is_clean else checkpoint.reserved_until
        if not checkpoint.is_clean:
            last = min(safe_from, self._options.events or safe_from)
            checkpoint.resent_at_most += last - timeline.deliveries
        checkpoint.is_clean = False
        safe_from = max(safe_from, self._options.history_events)
        behind_ms = self._now_ms() - timeline.clock.time_of(safe_from)
        if self._options.paced and behind_ms > JUMP_AFTER_MS:
            timeline.clock.jump(safe_from, self._now_ms())

    def truth(self) -> Truth:
        """The right answer for everything sent so far."""
        totals, checkpoint, options = self.timeline.totals, self._checkpoint, self._options
        by_campaign = totals.by_campaign()
        return Truth(
            run_id=self.truth_dir.name,
            seed=options.seed,
            worker=options.worker,
            workers=options.workers,
            start_ms=checkpoint.start_ms,
            topic=self._topic,
            options=options.identity(),
            deliveries=self.timeline.sent,
            admitted=self.timeline.sent - sum(totals.rejected.values()),
            rejected=dict(totals.rejected),
            faults=dict(totals.faults),
            resent_at_most=checkpoint.resent_at_most,
            is_finished=checkpoint.is_finished,
            totals=sum_counters(by_campaign.values()),
            by_campaign=by_campaign,
            topic_id=checkpoint.topic_id,
            acks={p: replace(acks) for p, acks in sorted(self._publisher.acks.items())},
        )
