import type { WorkerOptions } from '@toolwright/queues'
import { splitDirect, splitUser } from './alone.ts'
import { buryDirect, buryUser } from './bury-lines.ts'
import { callLines } from './call-lines.ts'
import { directLines } from './direct-lines.ts'
import { extractLines } from './extract-lines.ts'
import { judgeLines } from './judge-lines.ts'
import type { Services } from './services.ts'
import { unanswered } from './unanswered.ts'

type Handlers<Q extends 'user' | 'direct'> = Pick<WorkerOptions<Q>, 'queue' | 'handle' | 'split' | 'bury'>

/** What is done with a job of `user`: while it can be, when its batch cannot, and when nothing more can be tried. */
export function userHandlers(services: Services): Handlers<'user'> {
  return {
    queue: 'user',
    handle: async (job, context) => {
      // Costs nothing, and the outcomes of a job that is resumed are for all its lines.
      if (job.stage === 'extract') return await extractLines(services, job, context)
      const open = await unanswered(services, job)
      if (open === null) return null
      return open.stage === 'judge' ? await judgeLines(services, open, context) : await callLines(services, open, context)
    },
    split: (job) => splitUser(services.queues, job),
    bury: (job, error, context) => buryUser(services, job, error, context),
  }
}

/** The same for a job of `direct`. */
export function directHandlers(services: Services): Handlers<'direct'> {
  return {
    queue: 'direct',
    handle: async (job, context) => {
      const open = await unanswered(services, job)
      return open === null ? null : await directLines(services, open, context)
    },
    split: (job) => splitDirect(services.queues, job),
    bury: (job, error) => buryDirect(services, job, error),
  }
}
