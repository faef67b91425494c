import { openPrices, PricesError } from '@toolwright/llm'
import { ConfigurationError } from '@toolwright/runtime'
import { modelsOf, readEnvironment, readModels } from './env.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import type { Stage } from './stages.ts'

/**
 * What every process of these stages would find wrong with its environment, found before any of them is started. `verb`: the command that starts them, beside whatever it
 * runs itself. Throws CommandError or ConfigurationError.
 */
export function checkSettings(verb: 'run' | 'up' | 'worker', stages: readonly Stage[], inherited: NodeJS.ProcessEnv): void {
  const processes = stages.length + (verb === 'run' ? 1 : 0)
  const { metricsPort, metrics } = readEnvironment(inherited)
  if (metrics === 'off' && stages.includes('exporter'))
    throw new CommandError(
      EXIT.configuration,
      'TOOLWRIGHT_METRICS is off, and an exporter does nothing but serve metrics: unset it, or start no exporter',
    )
  if (metricsPort !== 0 && processes > 1) {
    const mend =
      'unset it, and each takes a free port (all are listed in the folder "metrics" of the data folder), or start them one by one'
    throw new CommandError(
      EXIT.configuration,
      `TOOLWRIGHT_METRICS_PORT is ${metricsPort}, and ${processes} processes cannot share a port: ${mend}`,
    )
  }
  if (stages.some((stage) => stage === 'user' || stage === 'maker')) checkModels(inherited)
}

const WITHOUT_KEY = 'To try it without a key, with simulated models: ./toolwright demo'

function checkModels(inherited: NodeJS.ProcessEnv): void {
  try {
    if (readModels(inherited) !== null) {
      const { settings, prices } = modelsOf(inherited)
      for (const { priceTier } of [settings.strong, settings.light]) openPrices(prices, priceTier)
      return
    }
  } catch (error) {
    if (error instanceof PricesError) throw new CommandError(EXIT.configuration, error.message, { cause: error })
    if (!(error instanceof ConfigurationError)) throw error
    throw new CommandError(EXIT.configuration, `${error.message}\n${WITHOUT_KEY}`, { cause: error })
  }
  const variables = 'TOOLWRIGHT_STRONG_MODEL, TOOLWRIGHT_LIGHT_MODEL and OPENAI_API_KEY'
  throw new CommandError(
    EXIT.configuration,
    `no models are set: set ${variables} (and OPENAI_BASE_URL, where the endpoint is not OpenAI's)\n${WITHOUT_KEY}`,
  )
}
