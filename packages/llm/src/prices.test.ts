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
    expect(prices.costOf('gpt-4o-mini', tokens(1), 'http://127.0.0.1:1/v1').price).toContain('openai/gpt-4o-mini')
  })

  test('does not know the price of an unknown model', () => {
    expect(openPrices().costOf('simulated-strong', tokens(1))).toEqual({ costNano: null, price: 'unknown' })
  })

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

  test('that is missing is refused with its name', () => {
    expect(() => openPrices(join(folder, 'none.json'))).toThrow(/cannot read the price file .*none\.json/)
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
