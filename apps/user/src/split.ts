import type { DirectJob, Line, UserJob } from '@toolwright/contracts'
import type { Queues } from '@toolwright/queues'

/** A batch as batches of one line, after workers died over it: a line that brings workers down takes no neighbour with it. None for a batch of one. */
export function splitUser(queues: Queues, job: UserJob): { id: string; data: UserJob }[] {
  return alone(job.lines).map((line) => ({
    id: queues.idFor('alone', job.stage, job.run, line.seq, line.hop),
    data: { ...job, lines: [line] },
  }))
}

export function splitDirect(queues: Queues, job: DirectJob): { id: string; data: DirectJob }[] {
  return alone(job.lines).map((line) => ({
    id: queues.idFor('alone', 'direct', job.run, line.seq, line.hop),
    data: { ...job, lines: [line] },
  }))
}

function alone(lines: Line[]): Line[] {
  return lines.length > 1 ? lines : []
}
