import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { calcPrice, findProvider } from '@pydantic/genai-prices'
import type { Tokens } from '@toolwright/contracts'
import { z } from 'zod'
import { parseDecimal, sumRoundedUp, type Decimal } from './decimal.ts'

/** `costNano`: integer nano-dollars, null where the model's price is unknown. `price`: the list, its version and the id that matched, or `unknown`. */
export interface Cost {
  costNano: number | null
  price: string
}

export interface Prices {
  /** `baseUrl` tells whose price holds where several providers sell one model; an endpoint that the list does not know is priced by the model's name alone. */
  costOf(model: string, tokens: Tokens, baseUrl?: string): Cost
}

/** The user's price file cannot be used. The message names the file, the place in it and what is expected. */
export class PricesError extends Error {
  override name = 'PricesError'
  /** Of a process that cannot start with it: something is configured wrongly. */
  readonly exitCode = 5
}

const MtokPrice = z.union([z.string(), z.number()]).transform((price, context) => {
  const decimal = parseDecimal(price)
  if (decimal) return decimal
  context.addIssue({ code: 'custom', message: `expected dollars per million tokens such as "0.15", got ${JSON.stringify(price)}` })
  return z.NEVER
})

const PriceFile = z.strictObject({
  version: z.string().min(1),
  models: z.record(
    z.string(),
    z.strictObject({
      input_mtok: MtokPrice,
      output_mtok: MtokPrice,
      cache_read_mtok: MtokPrice.optional(),
      cache_write_mtok: MtokPrice.optional(),
    }),
  ),
})
type PriceFile = z.infer<typeof PriceFile>

/** Dollars per million tokens of each class, and per request. */
interface UnitPrices {
  input: Decimal
  cacheRead: Decimal
  cacheWrite: Decimal
  output: Decimal
  request: Decimal
  source: string
}

const NOTHING: Decimal = { digits: 0n, scale: 0 }

/**
 * Prices of models: those of `userFile` first, then the list that comes with @pydantic/genai-prices.
 * The file: `{"version": "…", "models": {"<id>": {"input_mtok": "0.15", "output_mtok": "0.60", "cache_read_mtok"?: "…", "cache_write_mtok"?: "…"}}}`,
 * dollars per million tokens as decimal strings or numbers; a cache class without a price costs what input costs. Throws PricesError.
 */
export function openPrices(userFile?: string): Prices {
  const own = userFile === undefined ? undefined : readPriceFile(userFile)
  const listVersion = versionOfList()
  return {
    costOf(model, tokens, baseUrl) {
      const prices = (own && pricesFromFile(own, model)) ?? pricesFromList(listVersion, model, tokens, baseUrl)
      return prices ? { costNano: costNanoOf(prices, tokens), price: prices.source } : { costNano: null, price: 'unknown' }
    },
  }
}

/** Dollars per million tokens are thousands of nano-dollars per token. */
function costNanoOf(prices: UnitPrices, tokens: Tokens): number {
  const terms = [
    { count: tokens.uncachedInput, price: prices.input },
    { count: tokens.cacheRead, price: prices.cacheRead },
    { count: tokens.cacheWrite, price: prices.cacheWrite },
    { count: tokens.output, price: prices.output },
    { count: 1_000_000, price: prices.request },
  ]
  return Number(sumRoundedUp(terms, 3))
}

function readPriceFile(path: string): PriceFile {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new PricesError(`cannot read the price file ${path}: ${reason}`, { cause })
  }
  const parsed = PriceFile.safeParse(content)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`)
  throw new PricesError(`the price file ${path} is not right: ${problems.join('; ')}`)
}

function pricesFromFile(file: PriceFile, model: string): UnitPrices | undefined {
  const entry = Object.hasOwn(file.models, model) ? file.models[model] : undefined
  if (!entry) return undefined
  return {
    input: entry.input_mtok,
    cacheRead: entry.cache_read_mtok ?? entry.input_mtok,
    cacheWrite: entry.cache_write_mtok ?? entry.input_mtok,
    output: entry.output_mtok,
    request: NOTHING,
    source: `price file ${file.version}: ${model}`,
  }
}

/** The list computes in floating point, so only its unit prices are taken: the decimal text of each is the price as published. */
function pricesFromList(version: string, model: string, tokens: Tokens, baseUrl: string | undefined): UnitPrices | undefined {
  const provider = baseUrl === undefined ? undefined : findProvider({ providerApiUrl: baseUrl })
  const matched = calcPrice({ input_tokens: 0, output_tokens: 0 }, model, provider ? { providerId: provider.id } : {})
  if (!matched) return undefined
  const inputTokens = tokens.uncachedInput + tokens.cacheRead + tokens.cacheWrite
  const unit = (key: string): Decimal | undefined => {
    const price = matched.model_price[key]
    if (price === undefined) return undefined
    if (typeof price === 'number') return parseDecimal(price)
    // Tiers go by the whole prompt; the tier reached holds for every token, output too.
    const tier = price.tiers.filter(({ start }) => inputTokens > start).toSorted((one, other) => other.start - one.start)[0]
    return parseDecimal(tier?.price ?? price.base)
  }
  const input = unit('input_mtok')
  const output = unit('output_mtok')
  if (!input || !output) return undefined
  const perThousandRequests = unit('requests_kcount') ?? NOTHING
  return {
    input,
    cacheRead: unit('cache_read_mtok') ?? input,
    cacheWrite: unit('cache_write_mtok') ?? input,
    output,
    request: { digits: perThousandRequests.digits, scale: perThousandRequests.scale + 3 },
    source: `genai-prices ${version}: ${matched.provider.id}/${matched.model.id}`,
  }
}

function versionOfList(): string {
  const path = findPackageJSON('@pydantic/genai-prices', import.meta.url)
  if (path === undefined) throw new PricesError('cannot find the package.json of @pydantic/genai-prices: install the dependencies again')
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(path, 'utf8'))).version
}
