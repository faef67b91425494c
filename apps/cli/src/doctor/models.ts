import { openPrices, PricesError } from '@toolwright/llm'
import { ConfigurationError, type ModelSettings } from '@toolwright/runtime'
import { z } from 'zod'
import { modelsOf, readModels } from '../env.ts'
import type { Finding } from './finding.ts'

const NO_TOKENS = { uncachedInput: 0, cacheRead: 0, cacheWrite: 0, output: 0 }
const MANY_TOKENS = { uncachedInput: 1_000_000, cacheRead: 1_000_000, cacheWrite: 1_000_000, output: 1_000_000 }

const Models = z.object({ data: z.array(z.object({ id: z.string() })) })

/** Both roles' endpoints, as the processes that call models would read them. */
export async function checkModels(environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  try {
    const models = readModels(environment)
    if (models) {
      const { prices } = modelsOf(environment)
      return [
        ...(await Promise.all([checkEndpoint('strong', models.strong), checkEndpoint('light', models.light)])),
        checkPrices(models, prices),
      ]
    }
    const mend =
      'for real ones set TOOLWRIGHT_STRONG_MODEL, TOOLWRIGHT_LIGHT_MODEL and OPENAI_API_KEY (or the _BASE_URL and _API_KEY of each)'
    return [{ status: 'warn', subject: 'models', says: 'no endpoint is set: only the demo works, with simulated models', mend }]
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.message.split('\n').map((problem) => {
      const [says = problem, mend = 'see the README on how to set the models'] = problem.split('; ')
      return { status: 'fail', subject: 'models', says, mend, cause: 'configuration' }
    })
  }
}

/** Asks an endpoint for its list of models, which costs nothing, and looks for the one that is set. */
export async function checkEndpoint(
  role: 'strong' | 'light',
  { baseUrl, apiKey, model }: ModelSettings,
  timeoutMs = 5_000,
): Promise<Finding> {
  const subject = `${role} model`
  const variable = (name: string) => `TOOLWRIGHT_${role.toUpperCase()}_${name}`
  const wrong = (says: string, mend: string): Finding => ({ status: 'fail', subject, says, mend, cause: 'configuration' })
  const down = (says: string, mend: string): Finding => ({ status: 'fail', subject, says, mend, cause: 'dependency' })
  let response: Response
  try {
    const headers: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {}
    response = await fetch(`${baseUrl.replace(/\/+$/, '')}/models`, { headers, signal: AbortSignal.timeout(timeoutMs) })
  } catch (error) {
    return down(`${baseUrl} does not answer (${reasonOf(error)})`, `check ${variable('BASE_URL')} and the network`)
  }
  if (response.status === 401 || response.status === 403) {
    return wrong(
      `${baseUrl} refuses the key (${response.status})`,
      `set ${variable('API_KEY')} or OPENAI_API_KEY to a key of that endpoint`,
    )
  }
  if (response.status >= 500) return down(`${baseUrl} answers ${response.status}`, 'try again later')
  const models = Models.safeParse(await response.json().catch(() => null))
  // Some compatible servers have no such list, and answer chat completions all the same.
  if (!response.ok || !models.success) {
    const says = `${baseUrl} lists no models (${response.ok ? 'what it answers is no such list' : response.status}), so ${model} and the key are not checked`
    const mend = `should a run stop at its first call, check ${variable('BASE_URL')} (most end in /v1) and ${variable('MODEL')}`
    return { status: 'warn', subject, says, mend }
  }
  const ids = models.data.data.map(({ id }) => id)
  if (ids.includes(model)) return { status: 'ok', subject, says: `${model} at ${baseUrl}` }
  return wrong(
    `${baseUrl} does not list ${model}`,
    `set ${variable('MODEL')} to a model it has: ${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''}`,
  )
}

/** Whether costs will be known. `file`: the user's own price file. */
function checkPrices({ strong, light }: { strong: ModelSettings; light: ModelSettings }, file: string | undefined): Finding {
  const subject = 'prices'
  const mend = 'TOOLWRIGHT_PRICES names a file with yours (form: apps/simulator/prices.json)'
  try {
    const found = [strong, light].map(({ model, baseUrl, priceTier }) => {
      const prices = openPrices(file, priceTier)
      const isFree = prices.costOf(model, MANY_TOKENS, baseUrl).costNano === 0
      return { model, isFree, ...prices.costOf(model, NO_TOKENS, baseUrl) }
    })
    const unknown = found.filter(({ costNano }) => costNano === null)
    if (unknown.length === 0) {
      const says = found.map(({ price, isFree }, at) => `${at === 0 ? 'strong' : 'light'}: ${price}${isFree ? ', which is zero' : ''}`)
      return { status: 'ok', subject, says: says.join('; ') }
    }
    const names = [...new Set(unknown.map(({ model, price }) => (price === 'unknown' ? model : `${model} (${price})`)))].join(' and ')
    return { status: 'warn', subject, says: `none is known of ${names}: what their calls cost will be unknown`, mend }
  } catch (error) {
    if (!(error instanceof PricesError)) throw error
    return { status: 'fail', subject, says: error.says, mend: error.mend, cause: 'configuration' }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message || error.message : error.message
}
