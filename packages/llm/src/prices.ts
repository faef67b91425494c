import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { calcPrice, findProvider } from '@pydantic/genai-prices'
import type { Tokens } from '@toolwright/contracts'
import { z } from 'zod'
import { parseDecimal, product, sumRoundedUp, type Decimal } from './decimal.ts'
import { privateHostOf } from './private-host.ts'

/** `costNano`: integer nano-dollars, null where the model's price is unknown. `price`: the list, its version and the id that matched, or `unknown`. */
export interface Cost {
  costNano: number | null
  price: string
}

export interface Prices {
  /**
   * `baseUrl` tells whose price holds where several providers sell one model; an endpoint that the list does not know is priced by the model's name alone. At a host of
   * the user's own that is nobody's price, and only a price file can tell: it may be free, or a gateway to a provider.
   */
  costOf(model: string, tokens: Tokens, baseUrl?: string): Cost
}

/** Prices cannot be told as they are set. `says` names the file, the place in it and what is expected; the message has both it and the mend. */
export class PricesError extends Error {
  override name = 'PricesError'
  /** Of a process that cannot start with it: something is configured wrongly. */
  readonly exitCode = 5

  readonly says: string
  readonly mend: string

  constructor(says: string, mend: string, options?: ErrorOptions) {
    super(`${says}; ${mend}`, options)
    this.says = says
    this.mend = mend
  }
}

const MtokPrice = decimalOf((price) => `expected dollars per million tokens such as "0.15", got ${price}`)

/** What is free has the price 0: a factor of 0 would be a slip. */
const Factor = decimalOf((factor) => `expected a factor such as "0.5", got ${factor}`).refine(({ digits }) => digits > 0n, {
  error: 'a factor is more than 0; a model that costs nothing has the prices "0"',
})

const Tiers = z.record(z.string().min(1), Factor)
type Tiers = z.infer<typeof Tiers>

const PriceFile = z.strictObject({
  version: z.string().min(1),
  tiers: Tiers.default({}),
  models: z
    .record(
      z.string(),
      z.strictObject({
        input_mtok: MtokPrice,
        output_mtok: MtokPrice,
        cache_read_mtok: MtokPrice.optional(),
        cache_write_mtok: MtokPrice.optional(),
        tiers: Tiers.default({}),
      }),
    )
    .default({}),
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
  /** Factors of the model's own. */
  tiers: Tiers
  /** It is not the user's own. */
  isListed: boolean
}

const NOTHING: Decimal = { digits: 0n, scale: 0 }

/**
 * Prices of models: those of `file`, the user's own, first, then the list that comes with @pydantic/genai-prices.
 * The file: `{"version": "…", "tiers"?: {"<tier>": "0.5"}, "models"?: {"<id>": {"input_mtok": "0.15", "output_mtok": "0.60", "cache_read_mtok"?: "…", "cache_write_mtok"?: "…", "tiers"?: {…}}}}`,
 * dollars per million tokens, and factors, as decimal strings or numbers; a cache class without a price costs what input costs. `tier` multiplies all of a price, the list's too, by
 * the factor of that name: a model's own, or else the file's. A model that has no such factor has no known price. Throws PricesError, also where the file has no such tier at all.
 */
export function openPrices(file?: string, tier?: string): Prices {
  const own = file === undefined ? undefined : readPriceFile(file)
  if (tier !== undefined) mustHaveTier(tier, own, file)
  const listVersion = versionOfList()
  return {
    costOf(model, tokens, baseUrl) {
      const found = (own && pricesFromFile(own, model)) ?? pricesFromList(listVersion, model, tokens, baseUrl)
      if (!found) return { costNano: null, price: 'unknown' }
      const host = found.isListed && baseUrl !== undefined ? privateHostOf(baseUrl) : null
      if (host !== null) return { costNano: null, price: unknownAt(host, found.source) }
      if (tier === undefined) return { costNano: costNanoOf(found, tokens), price: found.source }
      const factor = tierOf({ ...own?.tiers, ...found.tiers }, tier)
      if (factor === undefined) return { costNano: null, price: `unknown: ${found.source} has no tier ${tier}` }
      const price = `${found.source}, tier ${tier} (${shownFactor(factor)} x the price${found.isListed ? `, price file ${own?.version}` : ''})`
      return { costNano: costNanoOf(multiplied(found, factor), tokens), price }
    },
  }
}

function unknownAt(host: string, source: string): string {
  return `unknown: ${source} is a provider's price; what it costs at ${host}, a host of your own, or that it is free there, only a price file can say`
}

function decimalOf(expected: (got: string) => string) {
  return z.union([z.string(), z.number()]).transform((text, context) => {
    const decimal = parseDecimal(text)
    if (decimal) return decimal
    context.addIssue({ code: 'custom', message: expected(JSON.stringify(text)) })
    return z.NEVER
  })
}

function mustHaveTier(tier: string, own: PriceFile | undefined, path: string | undefined): void {
  const mend = 'correct TOOLWRIGHT_PRICE_TIER (or the one of the role), or unset it'
  if (own === undefined) {
    throw new PricesError(
      `the price tier "${tier}" is not known: no price file is set, and tiers are in it, such as {"version": "1", "tiers": {"${tier}": "0.5"}}`,
      `name such a file by TOOLWRIGHT_PRICES, or ${mend}`,
    )
  }
  const all = [own.tiers, ...Object.values(own.models).map(({ tiers }) => tiers)]
  if (all.some((tiers) => tierOf(tiers, tier) !== undefined)) return
  const names = [...new Set(all.flatMap((tiers) => Object.keys(tiers)))].toSorted()
  throw new PricesError(
    `the price file ${path} has no tier "${tier}": ${names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`}`,
    `${mend}, or add the tier to "tiers" in the file`,
  )
}

function tierOf(tiers: Tiers, name: string): Decimal | undefined {
  return Object.hasOwn(tiers, name) ? tiers[name] : undefined
}

function multiplied(prices: UnitPrices, factor: Decimal): UnitPrices {
  const by = (price: Decimal) => product(price, factor)
  const { input, cacheRead, cacheWrite, output, request } = prices
  return { ...prices, input: by(input), cacheRead: by(cacheRead), cacheWrite: by(cacheWrite), output: by(output), request: by(request) }
}

function shownFactor({ digits, scale }: Decimal): string {
  const text = String(digits).padStart(scale + 1, '0')
  return scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`.replace(/\.?0+$/, '')
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
    throw new PricesError(`cannot read the price file ${path}: ${reason}`, MEND_FILE, { cause })
  }
  const parsed = PriceFile.safeParse(content)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`)
  throw new PricesError(`the price file ${path} is not right: ${problems.join('; ')}`, MEND_FILE)
}

const MEND_FILE = 'TOOLWRIGHT_PRICES names it: correct the file, or unset the variable'

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
    tiers: entry.tiers,
    isListed: false,
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
    tiers: {},
    isListed: true,
  }
}

function versionOfList(): string {
  const path = findPackageJSON('@pydantic/genai-prices', import.meta.url)
  if (path === undefined) throw new PricesError('cannot find the package.json of @pydantic/genai-prices', 'install the dependencies again')
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(path, 'utf8'))).version
}
