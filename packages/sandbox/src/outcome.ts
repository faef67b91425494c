import { z } from 'zod'

// The same shapes as `Call`, `Outcome` and `Surroundings` of @toolwright/contracts, told again because this package stands on nothing of ours.

/** One call of a tool. `text`: run `extract`, and `solve` too where `solve` says so. `arguments`: JSON text of an object, handed to `solve` unparsed. */
export type Call = { text: string; solve: boolean } | { arguments: string }

const Output = { stdout: z.string(), stderr: z.string() }

/** What became of one call; nothing a tool does is an exception here. Parsed where it enters the parent, since a child's words are not to be trusted. */
export const Outcome = z.discriminatedUnion('status', [
  z.object({ status: z.literal('ok'), result: z.string().nullable(), arguments: z.string().nullable(), ...Output }),
  z.object({ status: z.literal('refused'), ...Output }),
  z.object({
    status: z.literal('raised'),
    in: z.enum(['extract', 'solve']),
    arguments: z.string().nullable(),
    message: z.string(),
    ...Output,
  }),
  z.object({ status: z.literal('timed-out'), message: z.string() }),
  z.object({ status: z.literal('out-of-memory'), message: z.string() }),
  z.object({ status: z.literal('output-too-large'), message: z.string() }),
  z.object({ status: z.literal('bad-result'), message: z.string(), ...Output }),
  z.object({ status: z.literal('bad-source'), message: z.string(), ...Output }),
  z.object({ status: z.literal('crashed'), message: z.string() }),
])
export type Outcome = z.infer<typeof Outcome>

/** Which interpreter a batch runs in: `first` and `second` differ in hash seed and clock (random state differs in every call), so an answer that hangs on them shows. */
export type Surroundings = 'first' | 'second'

/** Calls of one tool that cross to a child together. `timeoutMs` is for each call, the module's own top-level code included. */
export interface Batch {
  source: string
  calls: Call[]
  timeoutMs: number
  surroundings: Surroundings
  /** Put the interpreter back before every call, not only before the batch: about 1.5 ms a call instead of tens of microseconds. */
  resetEachCall: boolean
}
