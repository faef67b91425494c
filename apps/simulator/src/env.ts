import { z } from 'zod'

const Env = z.object({
  /** A partial settings object as JSON; the file of `--settings` comes before it. */
  TOOLWRIGHT_SIMULATOR_SETTINGS: z.string().default('{}'),
})

/** Reads the simulator's environment. Throws a ZodError or SyntaxError that says what is wrong. */
export function readEnv(env: Record<string, string | undefined>): { settings: Record<string, unknown> } {
  const { TOOLWRIGHT_SIMULATOR_SETTINGS: text } = Env.parse(env)
  return { settings: z.record(z.string(), z.unknown()).parse(JSON.parse(text)) }
}
