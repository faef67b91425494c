import { commonEnvironment, modelEnvironment, modelSettings, parseEnvironment, RedisUrl, type ModelSettings } from '@toolwright/runtime'
import { z } from 'zod'

const EnvironmentSchema = z.object({
  /** A Redis to use instead of the private one. */
  redisUrl: RedisUrl.optional().meta({ variable: 'REDIS_URL' }),
  redisPersistence: commonEnvironment.redisPersistence,
  /** The same Redis, for the executors: a user that is kept to the queues. Theirs on the private one is made without asking. */
  executorRedisUrl: RedisUrl.optional(),
  /** The data folder, set by ./toolwright; default: `.toolwright` in the checkout. */
  home: z.string().optional(),
  prefix: commonEnvironment.prefix,
  space: commonEnvironment.space,
  metricsPort: commonEnvironment.metricsPort,
  metrics: commonEnvironment.metrics,
  ci: z.string().optional().meta({ variable: 'CI' }),
  noColour: z.string().optional().meta({ variable: 'NO_COLOR' }),
  terminal: z.string().optional().meta({ variable: 'TERM' }),
})
export type Environment = z.infer<typeof EnvironmentSchema>

/** What the CLI itself reads; everything else is passed on to the processes it starts. */
export function readEnvironment(source: NodeJS.ProcessEnv): Environment {
  return parseEnvironment(EnvironmentSchema, source)
}

const PLACE = [
  'REDIS_URL',
  'TOOLWRIGHT_EXECUTOR_REDIS_URL',
  'TOOLWRIGHT_PREFIX',
  'TOOLWRIGHT_SPACE',
  'TOOLWRIGHT_METRICS',
  'TOOLWRIGHT_METRICS_PORT',
  'TOOLWRIGHT_METRICS_HOST',
]

/** The environment without what names another Redis, space, port or address, or turns metrics off: the demo has its own. */
export function withoutPlace(source: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(source).filter(([name]) => !PLACE.includes(name)))
}

/** The endpoints of both roles; null where no variable names any. Throws ConfigurationError with all that is wrong. */
export function readModels(source: NodeJS.ProcessEnv): { strong: ModelSettings; light: ModelSettings } | null {
  const environment = parseEnvironment(z.object(modelEnvironment), source)
  const { prices: _, priceTier: _tier, strongPriceTier: _strong, lightPriceTier: _light, ...endpoints } = environment
  return Object.values(endpoints).some((value) => value !== undefined) ? modelSettings(environment) : null
}

/** The endpoints of both roles and the user's price file, where they must be set. Throws ConfigurationError. */
export function modelsOf(source: NodeJS.ProcessEnv): {
  settings: { strong: ModelSettings; light: ModelSettings }
  prices: string | undefined
} {
  const environment = parseEnvironment(z.object(modelEnvironment), source)
  return { settings: modelSettings(environment), prices: environment.prices }
}
