import { openFinisher, openPayer } from '@toolwright/answering'
import {
  type DirectJob,
  type ExecutionJob,
  type JobOf,
  type KindId,
  type Line,
  type LineResult,
  type RequestsJob,
  RunSettings,
  type Tool,
  type UserJob,
} from '@toolwright/contracts'
import type { ModelCall } from '@toolwright/llm'
import { scriptedModel, type ScriptedModel, type ScriptedReply } from '@toolwright/llm/testing'
import { HopelessError, type JobContext, type RunningWorker, startWorker } from '@toolwright/queues'
import { openTestQueues, type Program, runProgram, type TestQueues } from '@toolwright/queues/testing'
import { openKindIndex } from '@toolwright/registry'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { openLog } from '@toolwright/runtime'
import { directHandlers, userHandlers } from './handlers.ts'
import type { Services } from './services.ts'
import { openTurns } from './turns.ts'

export const RUN = 'r-aaaaaaaaaa'
/** The signal of a job that nothing cancels. */
export const never = new AbortController().signal

/** The user pool as `main.ts` puts it together, over queues, a registry and models of the test's own. */
export interface Lab {
  services: Services
  data: TestRegistry
  jobs: TestQueues
  strong: ScriptedModel
  light: ScriptedModel
  /** What each model says to a request's text; by default what `answerTo` says. */
  replies: { strong: (call: ModelCall) => ScriptedReply; light: (call: ModelCall) => ScriptedReply }
  /** What reached the run's client, in order of arrival. */
  results: LineResult[]
  /** The jobs that came to a queue which is watched and not served. */
  seen: { requests: RequestsJob[]; user: UserJob[]; direct: DirectJob[]; maker: JobOf<'maker'>[]; execution: ExecutionJob[] }
  /** Serves these queues as the stages do. */
  serve(...queues: ('user' | 'direct')[]): void
  /** Takes all jobs that come to these queues, and does nothing with them. */
  watch(...queues: ('requests' | 'user' | 'direct' | 'maker')[]): void
  /** Runs programs by the source of the tool that they stand in for; one that is not among them breaks the executor. */
  execute(programs: Record<string, Program>): void
  /** A kind whose first version serves. Its source is the name. */
  publish(name: string, tiers: Tool['tiers'], more?: Partial<Tool>): Promise<KindId>
  close(): Promise<void>
}

export async function openLab(): Promise<Lab> {
  const data = openTestRegistry()
  const jobs = openTestQueues()
  const { registry } = data
  const { queues, redis } = jobs
  await registry.runs.open(RUN, RunSettings.parse({ v: 1 }), '')
  const log = openLog({ stage: 'test', level: 'error', write: () => undefined })
  const replies: Lab['replies'] = { strong: (call) => answerTo(textOf(call)), light: (call) => answerTo(textOf(call)) }
  const strong = scriptedModel((call) => replies.strong(call), { role: 'strong', model: 'big' })
  const light = scriptedModel((call) => replies.light(call), { role: 'light', model: 'small' })
  const services: Services = {
    registry,
    queues,
    payer: openPayer({ registry, models: { strong, light } }),
    finisher: openFinisher({ registry, queues, strongCost: () => null }),
    index: openKindIndex(registry.kinds),
    turns: openTurns(),
    countExtracts: () => undefined,
  }
  const results: LineResult[] = []
  const seen: Lab['seen'] = { requests: [], user: [], direct: [], maker: [], execution: [] }
  const parts = { redis, queues, log }
  const workers: RunningWorker[] = [
    startWorker({
      ...parts,
      queue: 'results',
      run: RUN,
      concurrency: 1,
      handle: async (job) => {
        results.push(...job.results)
        return null
      },
    }),
  ]

  return {
    services,
    data,
    jobs,
    strong,
    light,
    replies,
    results,
    seen,
    serve: (...served) => {
      for (const queue of served) {
        if (queue === 'user') workers.push(startWorker({ ...parts, ...userHandlers(services), concurrency: 5 }))
        else workers.push(startWorker({ ...parts, ...directHandlers(services), concurrency: 10 }))
      }
    },
    watch: (...watched) => {
      for (const queue of watched) {
        const take = (job: never) => {
          seen[queue].push(job)
          return Promise.resolve(null)
        }
        workers.push(startWorker({ ...parts, queue, concurrency: 1, handle: take }))
      }
    },
    execute: (programs) => {
      const handle = (job: ExecutionJob) => {
        seen.execution.push(job)
        const program = programs[job.source]
        if (program === undefined) return Promise.reject(new HopelessError('no_interpreter', 'no interpreter starts'))
        return Promise.resolve({ v: 1 as const, outcomes: job.calls.map((call) => runProgram(program, call)) })
      }
      workers.push(startWorker({ ...parts, queue: 'execution', concurrency: 2, handle }))
    },
    publish: async (name, tiers, more) => {
      const kind = await registry.kinds.named(name, '', `Do ${name}: x`)
      const tool = JSON.stringify({ ...toolOf(kind, name, tiers), ...more })
      if (!(await registry.kinds.settle(kind, 1, { end: 'published', version: 1, tool }))) throw new Error(`${name} was not published`)
      return kind
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close(0)))
      await jobs.close()
      await data.close()
    },
  }
}

/** The context of a job that is handled without a queue. */
export function contextOf(): JobContext {
  const log = openLog({ stage: 'test', level: 'error', write: () => undefined })
  return { jobId: 'job', attempt: 1, signal: never, log, execute: () => Promise.reject(new Error('nothing is executed here')) }
}

export function line(seq: number, text: string, more: Partial<Line> = {}): Line {
  return { seq, customId: `line-${seq}`, text, frame: '', hop: 0, ...more }
}

/** The last message of a call, in which the request's text stands. */
export function textOf({ messages }: ModelCall): string {
  const { content } = messages.at(-1)!
  return typeof content === 'string' ? content : JSON.stringify(content)
}

/** A paid answer that is the same for the same request, and names it. */
export function answerTo(text: string): ScriptedReply {
  const asked = /number (\d+)/.exec(text)?.[1] ?? 'none'
  return { text: `answer ${asked}`, costNano: 100, tokens: { uncachedInput: 10, cacheRead: 0, cacheWrite: 0, output: 2 } }
}

export function toolOf(kind: KindId, source: string, tiers: Tool['tiers']): Tool {
  return {
    v: 1,
    kind,
    version: 1,
    sha256: 'f',
    source,
    schema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'], additionalProperties: false },
    tiers,
    verbatim: [],
    usage: [{ text: 'Do it with number 1', arguments: '{"n": 1}', run: RUN }],
    runs: [RUN],
    evidence: {
      proposedFrom: 3,
      heldBack: 3,
      extractedRight: 3,
      calledRight: 3,
      foreignTexts: 0,
      foreignAccepted: 0,
      mutants: 0,
      mutantsSurvived: 0,
      candidates: 1,
      repairs: 0,
    },
    model: 'big',
    generation: 1,
    costNano: null,
    at: 1,
  }
}
