import { z } from 'zod'

/** One call of a tool. `text`: run `extract`, and `solve` too where `solve` says so. `arguments`: JSON text of an object, handed to `solve` unparsed. */
export const Call = z.union([z.object({ text: z.string(), solve: z.boolean() }), z.object({ arguments: z.string() })])
export type Call = z.infer<typeof Call>

const Output = { stdout: z.string().default(''), stderr: z.string().default('') }

/**
 * What became of one call. The expected failures of a tool are values here, never exceptions.
 * `arguments` is JSON text as the guest wrote it; `result` is the string that `solve` returned, null where only `extract` was asked for.
 */
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

/** Which interpreter a batch runs in: `first` and `second` differ in hash seed, clock and random state, so that an answer that hangs on them shows. */
export const Surroundings = z.enum(['first', 'second'])
export type Surroundings = z.infer<typeof Surroundings>
