// The rules of the worker's state, wherever it is stored: the newest term and slot map that the
// worker has seen, the leader of that term, and the worker's shard.
import { Problem } from './problem.ts';
import type { Fence, WorkerState } from './requests.ts';

/** Refuses a fence that is older than the state. */
export function checkFence(s: WorkerState, f: Fence): void {
  if (f.term < s.term) throw staleTerm(s, f.term);
  if (f.map_version < s.map_version) throw staleMap(s, f.map_version);
}

/** The state raised to a fence; the state itself if the fence is not newer, or older in either part. */
export function raised(s: WorkerState, f: Fence): WorkerState {
  if (f.term < s.term || f.map_version < s.map_version || (f.term === s.term && f.map_version === s.map_version)) return s;
  // The leader of a new term is not known before it claims the term.
  return { ...s, ...f, leader: f.term > s.term ? '' : s.leader };
}

/** The state after a master's update. A term without a leader goes to the first that claims it. */
export function updated(s: WorkerState, up: WorkerState): WorkerState {
  if (up.term < s.term || (up.term === s.term && s.leader !== '' && up.leader !== s.leader)) throw staleTerm(s, up.term);
  if (up.map_version < s.map_version) throw staleMap(s, up.map_version);
  if (s.shard !== '' && up.shard !== s.shard) {
    throw new Problem('wrong_shard', `this worker holds shard ${s.shard}, not ${up.shard}`, {
      hint: 'list the workers in their original order, or give the worker an empty data directory',
    });
  }
  const same = up.term === s.term && up.map_version === s.map_version && up.leader === s.leader && up.shard === s.shard;
  return same ? s : up;
}

function staleTerm(s: WorkerState, term: bigint): Problem {
  return new Problem('stale_term', `term ${term} is outdated: this worker has seen term ${s.term}`, newest(s, 'use the current primary; this master must step down'));
}

function staleMap(s: WorkerState, version: bigint): Problem {
  return new Problem('stale_map', `slot map version ${version} is outdated: this worker has seen version ${s.map_version}`, newest(s, 'load the current slot map and route again'));
}

function newest({ term, map_version, leader }: WorkerState, hint: string) {
  return { hint, term, map_version, ...(leader && { primary: leader }) };
}
