import type { DirectJob, Line, UserJob } from '@toolwright/contracts'
import { type NewJob, oneHopOn, type Queues } from '@toolwright/queues'

/** A batch as batches of one line, after workers died over it or all its tries failed: a bad line takes no neighbour with it. None for a batch of one. */
export function splitUser(queues: Queues, job: UserJob): NewJob<'user'>[] {
  return job.lines.length > 1 ? userJobs(queues, job, job.lines) : []
}

export function splitDirect(queues: Queues, job: DirectJob): NewJob<'direct'>[] {
  return job.lines.length > 1 ? directJobs(queues, job, job.lines) : []
}

/** Lines that leave their batch, for the same stage, each in a job of its own. */
export async function addUserAlone(queues: Queues, job: UserJob, lines: Line[]): Promise<void> {
  await queues.add('user', userJobs(queues, job, lines.map(oneHopOn)))
}

export async function addDirectAlone(queues: Queues, job: DirectJob, lines: Line[]): Promise<void> {
  await queues.add('direct', directJobs(queues, job, lines.map(oneHopOn)))
}

function userJobs(queues: Queues, job: UserJob, lines: Line[]): NewJob<'user'>[] {
  return lines.map((line) => ({ id: queues.idFor('alone', job.stage, job.run, line.seq, line.hop), data: { ...job, lines: [line] } }))
}

function directJobs(queues: Queues, job: DirectJob, lines: Line[]): NewJob<'direct'>[] {
  return lines.map((line) => ({ id: queues.idFor('alone', 'direct', job.run, line.seq, line.hop), data: { ...job, lines: [line] } }))
}
