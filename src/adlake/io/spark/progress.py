"""How much of what Spark is working on is done."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import SparkSession

Share = Callable[[], float | None]
"""Part of the work that is done, 0 to 1; None while nobody knows."""


def share_of_tasks(session: SparkSession) -> Share:
    """Tasks done among all tasks of the jobs that run now, later stages included."""
    tracker = session.sparkContext.statusTracker()

    def share() -> float | None:
        jobs = [tracker.getJobInfo(number) for number in tracker.getActiveJobsIds()]
        stages = {number for job in jobs if job is not None for number in job.stageIds}
        known = [one for number in stages if (one := tracker.getStageInfo(number)) is not None]
        tasks = sum(one.numTasks for one in known)
        return sum(one.numCompletedTasks for one in known) / tasks if tasks else None

    return share
