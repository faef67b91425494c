import type { Payer } from '@toolwright/answering'
import type { KindId } from '@toolwright/contracts'
import type { JobContext } from '@toolwright/queues'
import type { MakePlan } from '@toolwright/registry'

/** What a verification works with, whichever tier it is of. */
export interface VerifyOptions {
  payer: Payer
  payment: { run: string; kind: KindId; make: { kind: KindId; generation: number } }
  plan: MakePlan
  /** Held-back examples that an earlier repair has shown: they are checked, but prove nothing. */
  revealed: ReadonlySet<string>
  /** Unique among the make's verifications. */
  step: string
  context: JobContext
}
