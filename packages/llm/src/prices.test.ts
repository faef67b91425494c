import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseDecimal, sumRoundedUp } from './decimal.ts'
import { openPrices, PricesError } from './prices.ts'

const folder = mkdtempSync(join(tmpdir(), 'toolwright-prices-'))
afterAll(() => rmSync(folder, { recursive: true }))

function priceFile(content: unknown): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.json`)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const tokens = (uncachedInput: number, output = 0, cacheRead = 0, cacheWrite = 0) => ({ uncachedInput, cacheRead, cacheWrite, output })

describe('the list that comes with it', () => {
  test('prices a known model exactly, and names list, version and id', () => {
    const cost = openPrices().costOf('gpt-4o-mini-2024-07-18', tokens(1000, 100, 1000))
    expect(cost.costNano).toBe(1000 * 150 + 1000 * 75 + 100 * 600)
    expect(cost.price).toMatch(/^genai-prices \d+\.\d+\.\d+: openai\/gpt-4o-mini$/)
  })

  test('charges cache classes without a price of their own as input', () => {
    expect(openPrices().costOf('gpt-4o-mini', tokens(0, 0, 0, 10)).costNano).toBe(1500)
  })

  test('goes by the provider of the endpoint where it knows it', () => {
    const prices = openPrices()
    expect(prices.costOf('openai/gpt-4o-mini', tokens(1), 'https://openrouter.ai/api/v1').price).toContain('openrouter/openai/gpt-4o-mini')
    expect(prices.costOf('gpt-4o-mini', tokens(1), 'https://models.example.com/v1').price).toContain('openai/gpt-4o-mini')
  })

  test('does not know the price of an unknown model', () => {
    expect(openPrices().costOf('simulated-strong', tokens(1))).toEqual({ costNano: null, price: 'unknown' })
  })

  test.each([
    ['http://127.0.0.1:8000/v1', '127.0.0.1'],
    ['http://127.1.2.3/v1', '127.1.2.3'],
    ['http://localhost:11434/v1', 'localhost'],
    ['http://[::1]:8000/v1', '::1'],
    ['http://[::ffff:10.0.0.5]:8000/v1', '::ffff:a00:5'],
    ['http://[fd00::17]/v1', 'fd00::17'],
    ['http://10.1.2.3/v1', '10.1.2.3'],
    ['http://172.16.0.1/v1', '172.16.0.1'],
    ['http://172.31.255.255/v1', '172.31.255.255'],
    ['http://192.168.1.10/v1', '192.168.1.10'],
    ['http://100.64.0.1/v1', '100.64.0.1'],
    ['http://vllm:8000/v1', 'vllm'],
    ['http://GPU-Box.local:8000/v1', 'gpu-box.local'],
    ['http://llm.corp.internal./v1', 'llm.corp.internal'],
    ['http://vllm.models.svc.cluster.local/v1', 'vllm.models.svc.cluster.local'],
  ])('does not hold for a host of your own: %s', (baseUrl, host) => {
    const { costNano, price } = openPrices().costOf('gpt-4o-mini', tokens(1000), baseUrl)
    expect(costNano).toBeNull()
    expect(price).toMatch(/^unknown: genai-prices [\d.]+: openai\/gpt-4o-mini is a provider's price; /)
    expect(price).toContain(`; what it costs at ${host}, a host of your own, or that it is free there, only a price file can say`)
  })

  test.each([
    'http://172.15.0.1/v1',
    'http://172.32.0.1/v1',
    'http://192.169.0.1',
    'http://11.0.0.1',
    'https://local.example.com',
    'https://[2001:db8::1]/v1',
  ])('holds for a host that others can reach: %s', (baseUrl) =>
    expect(openPrices().costOf('gpt-4o-mini', tokens(1000), baseUrl).costNano).toBe(150_000),
  )

  test('charges a long prompt by its tier', () => {
    const prices = openPrices()
    const perToken = (count: number) => (prices.costOf('gpt-5.6', tokens(count)).costNano ?? 0) / count
    expect(perToken(300_000)).toBe(2 * perToken(100_000))
  })
})

describe("a user's file", () => {
  test('comes first, with its version', () => {
    const path = priceFile({
      version: '2026-11',
      models: { 'gpt-4o-mini': { input_mtok: '0.0000001', output_mtok: 2, cache_read_mtok: '0.5', cache_write_mtok: '3' } },
    })
    const prices = openPrices(path)
    // 0.0001 nano-dollars per token, rounded up once per entry
    expect(prices.costOf('gpt-4o-mini', tokens(1))).toEqual({ costNano: 1, price: 'price file 2026-11: gpt-4o-mini' })
    expect(prices.costOf('gpt-4o-mini', tokens(10_000, 1, 2, 4)).costNano).toBe(1 + 2000 + 1000 + 12_000)
    expect(prices.costOf('gpt-4o', tokens(1)).price).toMatch(/^genai-prices/)
  })

  test('says what a model costs at a host of your own, by its entry and not by a tier alone', () => {
    const path = priceFile({ version: '1', tiers: { half: '0.5' }, models: { 'gpt-4o-mini': { input_mtok: 0, output_mtok: '0.10' } } })
    const at = (model: string, tier?: string) => openPrices(path, tier).costOf(model, tokens(10, 10), 'http://127.0.0.1:4000/v1')
    expect(at('gpt-4o-mini')).toEqual({ costNano: 1000, price: 'price file 1: gpt-4o-mini' })
    expect(at('gpt-4o-mini', 'half').costNano).toBe(500)
    expect([at('gpt-4o').costNano, at('gpt-4o', 'half').costNano]).toEqual([null, null])
  })

  test('may say that a model is free', () => {
    const path = priceFile({ version: '1', models: { local: { input_mtok: 0, output_mtok: '0.00' } } })
    expect(openPrices(path).costOf('local', tokens(5, 5)).costNano).toBe(0)
  })

  test.each([
    [{ version: '1', models: { m: { input_mtok: '-1', output_mtok: 1 } } }, /models\.m\.input_mtok: expected dollars per million tokens/],
    [{ version: '1', models: { m: { input_mtok: 1 } } }, /models\.m\.output_mtok/],
    [{ version: '1', models: { m: { input_mtok: 1, output_mtok: 1, cached: 1 } } }, /models\.m: .*cached/],
    [{ models: {} }, /version/],
    ['{', /cannot read the price file/],
  ])('that is wrong is refused with file and place: %j', (content, message) => {
    const path = priceFile(content)
    expect(() => openPrices(path)).toThrow(PricesError)
    expect(() => openPrices(path)).toThrow(message)
    expect(() => openPrices(path)).toThrow(path)
  })

  test.each([
    [{ version: '1', tiers: { flex: '0' } }, /tiers\.flex: a factor is more than 0; a model that costs nothing has the prices "0"/],
    [{ version: '1', tiers: { flex: 'half' } }, /tiers\.flex: expected a factor such as "0\.5", got "half"/],
  ])('with a factor that is none is refused: %j', (content, message) => {
    expect(() => openPrices(priceFile(content))).toThrow(message)
  })

  test('that is missing is refused with its name', () => {
    expect(() => openPrices(join(folder, 'none.json'))).toThrow(/cannot read the price file .*none\.json/)
  })
})

describe('a tier', () => {
  const models = { big: { input_mtok: '2.50', output_mtok: '10', tiers: { priority: '1.7' } }, free: { input_mtok: 0, output_mtok: 0 } }
  const file = () => priceFile({ version: '7', tiers: { batch: '0.5', flex: 0.25, priority: '2' }, models })

  test('multiplies every price, and is part of what the price is called', () => {
    expect(openPrices(file(), 'batch').costOf('big', tokens(1000, 100))).toEqual({
      costNano: (1000 * 2500 + 100 * 10_000) / 2,
      price: 'price file 7: big, tier batch (0.5 x the price)',
    })
    expect(openPrices(file()).costOf('big', tokens(1)).price).toBe('price file 7: big')
  })

  test("of a model's own holds before the file's", () => {
    const prices = openPrices(file(), 'priority')
    expect(prices.costOf('big', tokens(10)).costNano).toBe(42_500)
    expect(prices.costOf('free', tokens(10))).toEqual({ costNano: 0, price: 'price file 7: free, tier priority (2 x the price)' })
  })

  test('multiplies what the list says, which comes without any', () => {
    const path = priceFile({ version: 'mine', tiers: { flex: '0.5' } })
    const cost = openPrices(path, 'flex').costOf('gpt-4o-mini', tokens(1000, 100, 1000))
    expect(cost.costNano).toBe((1000 * 150 + 1000 * 75 + 100 * 600) / 2)
    expect(cost.price).toMatch(/^genai-prices [\d.]+: openai\/gpt-4o-mini, tier flex \(0\.5 x the price, price file mine\)$/)
  })

  test('that a model has not leaves its price unknown', () => {
    const path = priceFile({ version: '7', models })
    expect(openPrices(path, 'priority').costOf('free', tokens(1))).toEqual({
      costNano: null,
      price: 'unknown: price file 7: free has no tier priority',
    })
  })

  test('that nobody has is refused, with those there are and how to mend it', () => {
    const path = file()
    expect(() => openPrices(path, 'fast')).toThrow(
      `the price file ${path} has no tier "fast": it has batch, flex, priority; correct TOOLWRIGHT_PRICE_TIER (or the one of the role), or unset it, or add the tier to "tiers" in the file`,
    )
    expect(() => openPrices(path, 'toString')).toThrow(PricesError)
    expect(() => openPrices(priceFile({ version: '1', models: {} }), 'flex')).toThrow(/no tier "flex": it has none;/)
    expect(() => openPrices(undefined, 'flex')).toThrow(/"flex" is not known: no price file is set.*name such a file by TOOLWRIGHT_PRICES/)
  })

  test('costs its factor of the price, rounded up once, whatever the numbers are', () => {
    // A small generator of its own, so that a failure comes again.
    let state = 12_345
    const next = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below
    for (let round = 0; round < 300; round++) {
      const price = { input: next(20_000), output: next(80_000), factor: 1 + next(3_000) }
      const path = priceFile({
        version: '1',
        tiers: { t: `${price.factor / 1000}` },
        models: { m: { input_mtok: `${price.input / 1000}`, output_mtok: `${price.output / 1000}` } },
      })
      const count = { input: next(100_000), output: next(5_000) }
      // All in thousandths of thousandths of a nano-dollar.
      const exact = (BigInt(count.input) * BigInt(price.input) + BigInt(count.output) * BigInt(price.output)) * BigInt(price.factor)
      const expected = Number((exact + 999n) / 1000n)
      expect(openPrices(path, 't').costOf('m', tokens(count.input, count.output)).costNano).toBe(expected)
    }
  })
})

describe('decimals', () => {
  test.each([
    ['0.15', 15n, 2],
    [1e-7, 1n, 7],
    ['1.5E3', 1500n, 0],
    [0.1, 1n, 1],
    ['12', 12n, 0],
  ])('reads %s exactly', (text, digits, scale) => {
    expect(parseDecimal(text)).toEqual({ digits, scale })
  })

  test.each(['', '-1', 'NaN', '.5', '1,5', '0x10', Number.POSITIVE_INFINITY])('does not read %s', (text) => {
    expect(parseDecimal(text)).toBeUndefined()
  })

  test('rounds up once, not per term', () => {
    const third = { digits: 4n, scale: 1 }
    expect(
      sumRoundedUp(
        [
          { count: 1, price: third },
          { count: 1, price: third },
        ],
        0,
      ),
    ).toBe(1n)
    expect(sumRoundedUp([], 3)).toBe(0n)
  })
})
