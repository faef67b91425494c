import { resolve } from 'node:path'
import { z } from 'zod'
import { LogLevel } from './log.ts'
import { isSecretName, redact } from './redact.ts'
import { RedisUrl } from './redis-url.ts'
import { tracesEnvironment } from './traces/traces-environment.ts'

/** The environment does not let the process start. The message has one line per variable: its name, what is wrong, how to mend it. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError'
  /** What people expect of a process that is not configured rightly. */
  readonly exitCode = 5

  constructor(problems: string[]) {
    super(problems.join('\n'))
  }
}

/**
 * Reads an app's settings from environment variables. The property `metricsPort` is read from `TOOLWRIGHT_METRICS_PORT`, unless the field names its
 * variable: `.meta({ variable: 'REDIS_URL' })`, last in its chain. A field's `.meta({ description })` says how to mend it. A variable that is empty counts as not set.
 * Throws ConfigurationError with every problem at once.
 */
export function parseEnvironment<Schema extends z.ZodObject>(schema: Schema, env: Record<string, string | undefined>): z.output<Schema> {
  const values = Object.fromEntries(Object.keys(schema.shape).map((property) => [property, env[variableOf(schema, property)] || undefined]))
  const parsed = schema.safeParse(values)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => {
    const property = String(issue.path[0])
    const variable = variableOf(schema, property)
    const value = values[property]
    const mend = metaOf(schema, property)?.description
    const got = value === undefined ? '' : isSecretName(variable) ? ' (its value is not shown)' : `, got "${redact(value)}"`
    return `${variable} ${value === undefined ? 'is not set' : `is wrong: ${issue.message}${got}`}${mend ? `; ${mend}` : ''}`
  })
  throw new ConfigurationError(problems)
}

/** What every process reads. */
export const commonEnvironment = {
  redisUrl: RedisUrl.meta({
    variable: 'REDIS_URL',
    description: 'set it to the Redis that all processes share, such as redis://127.0.0.1:6379',
  }),
  /** `none`: whoever set it knows that a Redis which writes nothing to disk forgets all work when it restarts. */
  redisPersistence: z.enum(['needed', 'none']).default('needed'),
  /** What all keys in Redis begin with. */
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}$/, 'expected 1 to 32 letters, digits, _ or -')
    .default('toolwright'),
  /** The tenant. */
  space: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'expected 1 to 32 of a-z, 0-9 and -')
    .default('default'),
  /** The data folder, an absolute path; by default `.toolwright` in the checkout. */
  home: z
    .string()
    .default(resolve(import.meta.dirname, '../../../.toolwright'))
    .transform((path) => resolve(path)),
  /** 0: a free port. */
  metricsPort: z.coerce.number('expected a port number').int().min(0).max(65_535).default(0),
  /** The address that metrics are served on: loopback, unless Prometheus comes from elsewhere, as it does in containers. */
  metricsHost: z
    .union([z.ipv4(), z.ipv6()], 'expected an IP address')
    .default('127.0.0.1')
    .meta({ description: 'set it to an address of this machine, or to 0.0.0.0 for all of them; left out, it is 127.0.0.1' }),
  /** `off`: nothing is measured, and `/metrics` is not served; health is. */
  metrics: z.enum(['on', 'off']).default('on'),
  logLevel: LogLevel.default('info'),
  ...tracesEnvironment,
  /** How many lines one job may carry at most: fewer cost more for each, and share less of one another's fate. */
  batchLines: z.coerce.number('expected a whole number').int().min(1).max(256).default(256),
}

const Meta = z.object({ variable: z.string().optional(), description: z.string().optional() })

function metaOf(schema: z.ZodObject, property: string): z.infer<typeof Meta> | undefined {
  const field: unknown = schema.shape[property]
  return field instanceof z.ZodType ? Meta.optional().parse(field.meta()) : undefined
}

function variableOf(schema: z.ZodObject, property: string): string {
  return metaOf(schema, property)?.variable ?? `TOOLWRIGHT_${property.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}
