import type { WorkerOptions } from '@toolwright/queues'
import { splitDirect, splitUser } from './alone.ts'
import { buryDirect, buryUser } from './bury-lines.ts'
import { callLines } from './call-lines.ts'
import { directLines } from './direct-lines.ts'
import { extractLines } from './extract-lines.ts'
import { judgeLines } from './judge-lines.ts'
import type { Services } from './services.ts'

type Handlers<Q extends 'user' | 'direct'> = Pick<WorkerOptions<Q>, 'queue' | 'handle' | 'split' | 'bury'>

/** What is done with a job of `user`: while it can be, when its batch cannot, and when nothing more can be tried. */
export function userHandlers(services: Services): Handlers<'user'> {
  return {
    queue: 'user',
    handle: async (job, context) => {
      switch (job.stage) {
        case 'judge':
          return await judgeLines(services, job, context)
        case 'extract':
          return await extractLines(services, job, context)
        case 'call':
          return await callLines(services, job, context)
      }
    },
    split: (job) => splitUser(services.queues, job),
    bury: (job, error, context) => buryUser(services, job, error, context),
  }
}

/** The same for a job of `direct`. */
export function directHandlers(services: Services): Handlers<'direct'> {
  return {
    queue: 'direct',
    handle: (job, context) => directLines(services, job, context),
    split: (job) => splitDirect(services.queues, job),
    bury: (job, error) => buryDirect(services, job, error),
  }
}
