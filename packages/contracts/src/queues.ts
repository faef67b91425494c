import { z } from 'zod'
import { Call, Outcome, Surroundings } from './execution.ts'
import { KindId, RunId } from './ids.ts'
import { Line } from './line.ts'
import { LineResult } from './result.ts'

const v = z.literal(1)

export const RequestsJob = z.object({ v, run: RunId, lines: z.array(Line).min(1) })
export type RequestsJob = z.infer<typeof RequestsJob>

/** One step of the tool user's over a batch: `judge` decides the kind of unsure lines, `extract` and `call` answer with one exact tool version. */
export const UserJob = z.discriminatedUnion('stage', [
  z.object({ v, stage: z.literal('judge'), run: RunId, lines: z.array(Line).min(1) }),
  z.object({ v, stage: z.literal('extract'), run: RunId, kind: KindId, version: z.int().positive(), lines: z.array(Line).min(1) }),
  z.object({
    v,
    stage: z.literal('call'),
    run: RunId,
    kind: KindId,
    version: z.int().positive(),
    refused: z.boolean(),
    lines: z.array(Line).min(1),
  }),
])
export type UserJob = z.infer<typeof UserJob>

/**
 * Lines for the strong model. `gather`: their answers become examples of the kind (asked for more than once where no target is given). `refusedBy`: the version whose
 * `extract` refused them, so that they may become reasons for a new make.
 */
export const DirectJob = z.object({
  v,
  run: RunId,
  kind: KindId.nullable(),
  gather: z.boolean(),
  refusedBy: z.int().positive().optional(),
  lines: z.array(Line).min(1),
})
export type DirectJob = z.infer<typeof DirectJob>

/** One make of one kind. `run` pays for it. */
export const MakerJob = z.object({ v, run: RunId, kind: KindId, generation: z.int().positive() })
export type MakerJob = z.infer<typeof MakerJob>

export const ExecutionJob = z.object({
  v,
  source: z.string(),
  calls: z.array(Call).min(1),
  timeoutMs: z.int().positive(),
  surroundings: Surroundings,
  /** Reset the interpreter before every call (verification), not only before the batch. */
  resetEachCall: z.boolean(),
  /** What it is for, in logs and traces: the run, and the tool's version, or the kind that one is made for. */
  run: z.string().optional(),
  tool: z.string().optional(),
})
export type ExecutionJob = z.infer<typeof ExecutionJob>

/** One outcome per call, in order. */
export const ExecutionResult = z.object({ v, outcomes: z.array(Outcome) })
export type ExecutionResult = z.infer<typeof ExecutionResult>

export const ResultsJob = z.object({ v, run: RunId, results: z.array(LineResult).min(1) })
export type ResultsJob = z.infer<typeof ResultsJob>

const Nothing = z.null()

/**
 * Every queue, once: what its jobs carry, what they return, which stage serves it. All else (handles, worker types, metric labels) is derived from it.
 * `lockMs`: how long a dead worker's job stays its own; waits on models and children hold no event loop, so it can be short.
 */
export const QUEUES = {
  requests: { stage: 'producer', job: RequestsJob, result: Nothing, lockMs: 6_000 },
  user: { stage: 'user', job: UserJob, result: Nothing, lockMs: 6_000 },
  direct: { stage: 'user', job: DirectJob, result: Nothing, lockMs: 6_000 },
  maker: { stage: 'maker', job: MakerJob, result: Nothing, lockMs: 6_000 },
  execution: { stage: 'executor', job: ExecutionJob, result: ExecutionResult, lockMs: 6_000 },
  results: { stage: 'client', job: ResultsJob, result: Nothing, lockMs: 6_000 },
} as const satisfies Record<string, QueueEntry>

interface QueueEntry {
  stage: 'producer' | 'user' | 'maker' | 'executor' | 'client'
  job: z.ZodType
  result: z.ZodType
  lockMs: number
}

export type QueueName = keyof typeof QUEUES
export type JobOf<Q extends QueueName> = z.infer<(typeof QUEUES)[Q]['job']>
export type ResultOf<Q extends QueueName> = z.infer<(typeof QUEUES)[Q]['result']>
