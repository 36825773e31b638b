"""The rules of the fence (worker/engine/contract/fence.go)."""

from __future__ import annotations

from shardeck_worker.problem import Problem
from shardeck_worker.requests import Fence, State


def check_fence(now: State, fence: Fence) -> None:
    """Refuse an outdated fence."""
    if fence.term < now.term:
        raise _stale_term(now, fence.term)
    if fence.map_version < now.map_version:
        raise _stale_map(now, fence.map_version)


def check_update(now: State, update: State) -> None:
    """Refuse a master's update that would set the state back or take the term from another."""
    other = bool(now.leader) and update.leader != now.leader
    if update.term < now.term or (update.term == now.term and other):
        raise _stale_term(now, update.term)
    if update.map_version < now.map_version:
        raise _stale_map(now, update.map_version)
    if now.shard and update.shard != now.shard:
        raise Problem(
            "wrong_shard",
            f"this worker holds shard {now.shard}, not {update.shard}",
            "list the workers in their original order, or give the worker an empty data directory",
        )


def raised(now: State, fence: Fence) -> State | None:
    """Return the state raised to a fence; None if that changes nothing or the fence is older."""
    if fence.term < now.term or fence.map_version < now.map_version:
        return None
    if fence.term == now.term and fence.map_version == now.map_version:
        return None
    leader = now.leader if fence.term == now.term else ""
    return State(fence.term, fence.map_version, leader, now.shard)


def _stale_term(now: State, term: int) -> Problem:
    return _with_state(
        Problem(
            "stale_term",
            f"term {term} is outdated: this worker has seen term {now.term}",
            "use the current primary; this master must step down",
        ),
        now,
    )


def _stale_map(now: State, version: int) -> Problem:
    return _with_state(
        Problem(
            "stale_map",
            f"slot map version {version} is outdated: this worker has seen version"
            f" {now.map_version}",
            "load the current slot map and route again",
        ),
        now,
    )


def _with_state(problem: Problem, now: State) -> Problem:
    problem.term, problem.map_version, problem.primary = now.term, now.map_version, now.leader
    return problem
