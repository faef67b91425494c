import type { MakerJob } from '@toolwright/contracts'
import type { JobContext } from '@toolwright/queues'
import type { Registry } from '@toolwright/registry'
import { makeSpan, type Traces } from '@toolwright/runtime'

/** A make that has ended, as one span from when it was asked for: its job is held many times, and waits in between. */
export async function traceMake(traces: Traces, registry: Registry, job: MakerJob, { origin }: JobContext): Promise<void> {
  const kind = await registry.kinds.get(job.kind)
  if (kind === null || origin === undefined) return
  const span = makeSpan({ run: job.run, kind: job.kind, generation: job.generation, state: kind.state, version: kind.version })
  traces.begin(span, { parent: origin.under ?? null, startedAtMs: origin.addedAtMs }).end()
}
