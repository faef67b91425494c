import type { Payer } from '@toolwright/answering'
import type { KindId, MakerJob } from '@toolwright/contracts'
import { ModelError } from '@toolwright/llm'
import type { JobContext } from '@toolwright/queues'
import type { ModelCall } from '@toolwright/llm'
import type { Kind, KeptReply } from '@toolwright/registry'
import type { Services } from './services.ts'

/** One make under way: what its steps work with. */
export interface Make {
  services: Services
  job: MakerJob
  kind: Kind
  context: JobContext
  payer: Payer
  payment: { run: string; kind: KindId; make: { kind: KindId; generation: number } }
  /** A call of the strong model; null where the endpoint refuses it for good. `field` names the step. */
  ask(purpose: 'propose' | 'repair' | 'label', field: string, call: ModelCall): Promise<KeptReply | null>
}

export function openMake(services: Services, job: MakerJob, kind: Kind, context: JobContext): Make {
  const { payer } = services
  const payment = { run: job.run, kind: job.kind, make: { kind: job.kind, generation: job.generation } }
  return {
    services,
    job,
    kind,
    context,
    payer,
    payment,
    ask: async (purpose, field, call) => {
      try {
        return await payer.pay({ ...payment, role: 'strong', purpose, field, text: '' }, call, context.signal)
      } catch (error) {
        if (!(error instanceof ModelError) || error.kind !== 'rejected') throw error
        context.log.warn({ kind: kind.id, field, error }, 'the endpoint refuses a call of the make')
        return null
      }
    },
  }
}
