import { isObject, Role } from '@toolwright/contracts'
import { z } from 'zod'

/** What a call asks of the model, as the simulator reads it from the messages. */
export const Asked = z.enum(['answer', 'judge', 'call', 'call-again', 'propose', 'repair'])
export type Asked = z.infer<typeof Asked>

/** The ways in which a proposed tool can be wrong; each is one that verification must catch. */
export const FaultyWay = z.enum([
  'memorised',
  'loops',
  'wrong-form',
  'rigged',
  'clock',
  'permissive',
  'crashes',
  'no-code',
  'bad-schema',
  'cut-off',
])
export type FaultyWay = z.infer<typeof FaultyWay>

const Share = z.number().min(0).max(1)
const Milliseconds = z.number().nonnegative()

/** How often something is wrong: by family, and for all families that are not named. */
const Wrongness = z.strictObject({ otherwise: Share, families: z.record(z.string(), Share).default({}) })
const WrongnessByAsked = z.strictObject({
  answer: Wrongness,
  judge: Wrongness,
  call: Wrongness,
  'call-again': Wrongness,
  propose: Wrongness,
  repair: Wrongness,
})

/** LATM, arXiv 2305.17126, table 2: accuracy with chain of thought, 0 where the paper has 0. The rest are assumptions. */
const STRONG_ANSWERS = {
  'logical-deduction': 0.112,
  tracking: 0,
  dyck: 0.364,
  'word-sorting': 0.091,
  crt: 1,
  schedule: 0.444,
  irony: 0.25,
  'world-knowledge': 0.03,
}
const LIGHT_ANSWERS = { 'logical-deduction': 0.336, tracking: 0.384, dyck: 0.796, 'word-sorting': 0.408, crt: 1, schedule: 0.811 }

const strongWrongness = WrongnessByAsked.prefault({
  answer: { otherwise: 0.1, families: STRONG_ANSWERS },
  judge: { otherwise: 0.01 },
  call: { otherwise: 0.02 },
  'call-again': { otherwise: 0.05 },
  propose: { otherwise: 0.4 },
  repair: { otherwise: 0.15 },
})
const lightWrongness = WrongnessByAsked.prefault({
  answer: { otherwise: 0.2, families: LIGHT_ANSWERS },
  judge: { otherwise: 0.01 },
  call: { otherwise: 0.02 },
  'call-again': { otherwise: 0.05 },
  propose: { otherwise: 0.8 },
  repair: { otherwise: 0.4 },
})

const Count = z.int().nonnegative()

const Faults = z.strictObject({
  /** Shares of all calls that meet the fault; together at most 1. */
  badRequest: Share.default(0),
  rateLimited: Share.default(0),
  serverError: Share.default(0),
  unavailable: Share.default(0),
  slowDrip: Share.default(0),
  droppedConnection: Share.default(0),
  cutOff: Share.default(0),
  refusal: Share.default(0),
  /** Prose around a reply that should be JSON alone; half of them fenced. */
  prose: Share.default(0),
  /** What `rateLimited` says in `retry-after`. */
  retryAfterSeconds: z.number().nonnegative().default(1),
  /** How long a slowly dripping body takes in all. */
  dripMs: Milliseconds.default(2_000),
})

/** Everything that can be set about the simulated models. A partial object given at start or to `POST /control` overlays the defaults. */
export const Settings = z.strictObject({
  seed: z.int().default(1),
  /** null: any key that is not empty will do. */
  apiKey: z.string().min(1).nullable().default(null),
  models: z.record(Role, z.string().min(1)).default({ strong: 'sim-strong', light: 'sim-light' }),
  structuredOutput: z.enum(['schema', 'object', 'none', 'ignored']).default('schema'),
  wrongness: z.strictObject({ strong: strongWrongness, light: lightWrongness }).prefault({}),
  /** The share of wrong answers that are the same wrong answer whatever the call's seed. */
  correlation: Share.default(0.2),
  /** Weights of the ways in which a faulty tool is wrong; 0 leaves one out. */
  faultyWays: z.partialRecord(FaultyWay, z.number().nonnegative()).default({}),
  /** What a tool for an untoolable family answers: `hedged` guesses (never in the examples' form) or `plain` ones, some of which are right by luck. */
  guesses: z.enum(['hedged', 'plain']).default('hedged'),
  faults: Faults.prefault({}),
  /** A rate limit: this many calls a second are let through, per model; the others get 429. */
  storm: z.strictObject({ allowPerSecond: z.number().nonnegative(), retryAfterSeconds: z.number().nonnegative() }).nullable().default(null),
  /**
   * Limits on requests and tokens in any window of so many seconds, per model; null: none. `announced`: every reply says what is left of them, in OpenAI's headers. `counts`: for a
   * call's tokens, what it used, or its prompt and the whole limit of its reply.
   */
  limits: z
    .strictObject({
      requests: z.int().positive().nullable().default(null),
      tokens: z.int().positive().nullable().default(null),
      windowSeconds: z.number().positive().default(60),
      announced: z.boolean().default(true),
      counts: z.enum(['used', 'limit']).default('used'),
    })
    .nullable()
    .default(null),
  /** Every call under /v1 is met with a closed connection or 503, in turn. */
  outage: z.boolean().default(false),
  /** Every call is met with 429 insufficient_quota. */
  quotaExhausted: z.boolean().default(false),
  /**
   * Tokens of thought, on average, that the strong model is billed for beside what it says, as reasoning models bill them; each reply draws half to one and a half
   * times as many. They count as completion tokens, and are told as reasoning tokens.
   */
  reasoning: z.strictObject({ answer: Count.default(0), propose: Count.default(0), repair: Count.default(0) }).prefault({}),
  /** Output tokens that the usage names beyond those of the reply, whatever its limit was: an endpoint that bills more than it was asked for. */
  overbilled: Count.default(0),
  /** Milliseconds before the reply. `jitter`: the share by which the sum varies up and down. */
  latency: z
    .strictObject({ baseMs: Milliseconds.default(0), perOutputTokenMs: Milliseconds.default(0), jitter: Share.default(0) })
    .prefault({}),
})
export type Settings = z.infer<typeof Settings>

/** The settings with a partial settings object laid over them: objects are merged, everything else replaced. Throws a ZodError that names what is wrong. */
export function overlay(settings: Settings, partial: unknown): Settings {
  return Settings.parse(merge(settings, z.record(z.string(), z.unknown()).parse(partial)))
}

function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) merged[key] = key in base ? merge(base[key], value) : value
  return merged
}
