import { z } from 'zod'
import { ConfigurationError } from './environment.ts'

const BaseUrl = z.url({ protocol: /^https?$/, error: 'expected an http(s) URL such as https://api.openai.com/v1' }).optional()

const Usd = z
  .string()
  .transform((text, context) => {
    const nano = /^\d{1,6}(\.\d{1,9})?$/.test(text) ? Math.round(Number(text) * 1e9) : null
    if (nano !== null) return nano
    context.addIssue({ code: 'custom', message: 'expected dollars such as 20 or 0.50' })
    return z.NEVER
  })
  .optional()

const PerMinute = z.coerce.number('expected a whole number').int().min(1).optional()

/** What processes that call models read, beside `commonEnvironment`. */
export const modelEnvironment = {
  strongBaseUrl: BaseUrl,
  strongApiKey: z.string().optional(),
  strongModel: z.string().optional(),
  /** Requests and tokens a minute that the endpoint may be sent for this model; else as it announces. */
  strongRpm: PerMinute,
  strongTpm: PerMinute,
  lightBaseUrl: BaseUrl,
  lightApiKey: z.string().optional(),
  lightModel: z.string().optional(),
  lightRpm: PerMinute,
  lightTpm: PerMinute,
  openaiBaseUrl: BaseUrl.meta({ variable: 'OPENAI_BASE_URL' }),
  openaiApiKey: z.string().optional().meta({ variable: 'OPENAI_API_KEY' }),
  /** What model calls may cost in one day (UTC) and for one make, in nano-dollars. */
  maxUsdPerDay: Usd,
  maxUsdPerMake: Usd,
  /** The path of a price file of the user's own. */
  prices: z.string().optional(),
  /** The tier of it that the endpoints bill by, of either role or of both. */
  priceTier: z.string().optional(),
  strongPriceTier: z.string().optional(),
  lightPriceTier: z.string().optional(),
}

const ModelEnvironment = z.object(modelEnvironment)
type ModelEnvironment = z.infer<typeof ModelEnvironment>

export interface ModelSettings {
  baseUrl: string
  /** '' where the endpoint is not OpenAI's and no key is set: a local server may want none. */
  apiKey: string
  model: string
  /** Requests and tokens a minute, where they are set. */
  limits?: { requests?: number | undefined; tokens?: number | undefined }
  /** By which tier of the price file its calls are priced. */
  priceTier?: string
}

/** What one role's variables say. */
interface RoleEnvironment {
  baseUrl: string | undefined
  apiKey: string | undefined
  model: string | undefined
  requests: number | undefined
  tokens: number | undefined
  priceTier: string | undefined
}

const OPENAI = 'https://api.openai.com/v1'

/** The endpoints of both roles, each value the role's own or else the one of `OPENAI_…`. Throws ConfigurationError with all that is missing. */
export function modelSettings(environment: ModelEnvironment): { strong: ModelSettings; light: ModelSettings } {
  const { openaiBaseUrl, openaiApiKey } = environment
  const problems: string[] = []
  const settingsOf = (name: string, own: RoleEnvironment): ModelSettings => {
    const settings = { baseUrl: own.baseUrl ?? openaiBaseUrl ?? OPENAI, apiKey: own.apiKey ?? openaiApiKey ?? '', model: own.model ?? '' }
    if (settings.model === '')
      problems.push(`${name}_MODEL is not set; name the ${name === 'TOOLWRIGHT_STRONG' ? 'strong' : 'light'} model`)
    if (settings.apiKey === '' && URL.parse(settings.baseUrl)?.host === 'api.openai.com') {
      problems.push(`${name}_API_KEY is not set, nor is OPENAI_API_KEY; set one, or ${name}_BASE_URL to an endpoint that needs no key`)
    }
    const hasLimits = own.requests !== undefined || own.tokens !== undefined
    const priceTier = own.priceTier ?? environment.priceTier
    return {
      ...settings,
      ...(hasLimits && { limits: { requests: own.requests, tokens: own.tokens } }),
      ...(priceTier !== undefined && { priceTier }),
    }
  }
  const strong = settingsOf('TOOLWRIGHT_STRONG', {
    baseUrl: environment.strongBaseUrl,
    apiKey: environment.strongApiKey,
    model: environment.strongModel,
    requests: environment.strongRpm,
    tokens: environment.strongTpm,
    priceTier: environment.strongPriceTier,
  })
  const light = settingsOf('TOOLWRIGHT_LIGHT', {
    baseUrl: environment.lightBaseUrl,
    apiKey: environment.lightApiKey,
    model: environment.lightModel,
    requests: environment.lightRpm,
    tokens: environment.lightTpm,
    priceTier: environment.lightPriceTier,
  })
  if (problems.length > 0) throw new ConfigurationError(problems)
  return { strong, light }
}
