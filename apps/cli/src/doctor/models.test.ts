import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkEndpoint, checkModels } from './models.ts'

const PRICES = join(import.meta.dirname, '../../../simulator/prices.json')

let server: Server
let baseUrl: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const answers: Record<string, [number, string]> = {
      '/v1/models': request.headers.authorization === 'Bearer right' ? [200, '{"data":[{"id":"big"},{"id":"small"}]}'] : [401, '{}'],
      '/ill/models': [503, ''],
      '/odd/models': [200, '<html>Welcome</html>'],
    }
    const [status, body] = answers[request.url ?? ''] ?? [404, 'not found']
    response.writeHead(status).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  baseUrl = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
})
afterAll(() => server.close())

test.each([
  ['finds the model', '/v1', 'right', 'big', { status: 'ok' }],
  ['takes a slash at the end', '/v1/', 'right', 'big', { status: 'ok' }],
  [
    'names models that exist',
    '/v1',
    'right',
    'huge',
    { status: 'fail', cause: 'configuration', mend: expect.stringContaining('big, small') },
  ],
  [
    'tells a wrong key',
    '/v1',
    'wrong',
    'big',
    { status: 'fail', cause: 'configuration', says: expect.stringContaining('refuses the key') },
  ],
  ['tells an endpoint that is ill', '/ill', 'right', 'big', { status: 'fail', cause: 'dependency' }],
  [
    'warns of an endpoint that lists no models, which may serve chat completions alone',
    '/other',
    'right',
    'big',
    { status: 'warn', says: expect.stringMatching(/lists no models \(404\), so big/), mend: expect.stringContaining('_STRONG_BASE_URL') },
  ],
  [
    'warns of an endpoint whose list is none',
    '/odd',
    'right',
    'big',
    { status: 'warn', says: expect.stringContaining('what it answers is no such list') },
  ],
])('%s', async (_, path, apiKey, model, finding) => {
  expect(await checkEndpoint('strong', { baseUrl: `${baseUrl}${path}`, apiKey, model })).toMatchObject(finding)
})

test('tells an endpoint that does not answer', async () => {
  expect(await checkEndpoint('light', { baseUrl: 'http://127.0.0.1:1', apiKey: '', model: 'm' })).toMatchObject({
    status: 'fail',
    cause: 'dependency',
  })
})

test('only warns when nothing is set, and fails when half is', async () => {
  expect(await checkModels({})).toEqual([expect.objectContaining({ status: 'warn' })])
  const half = await checkModels({ OPENAI_API_KEY: 'key', TOOLWRIGHT_STRONG_MODEL: 'big' })
  expect(half).toEqual([expect.objectContaining({ status: 'fail', says: expect.stringContaining('TOOLWRIGHT_LIGHT_MODEL') })])
})

test('tells whose price is not known, and what is wrong with a price file', async () => {
  const models = {
    OPENAI_BASE_URL: `${baseUrl}/v1`,
    OPENAI_API_KEY: 'right',
    TOOLWRIGHT_STRONG_MODEL: 'big',
    TOOLWRIGHT_LIGHT_MODEL: 'small',
  }
  const found = async (more: Record<string, string>) => (await checkModels({ ...models, ...more })).at(-1)
  expect(await found({})).toMatchObject({ status: 'warn', says: expect.stringContaining('none is known of big and small') })
  expect(await found({ TOOLWRIGHT_STRONG_MODEL: 'sim-strong', TOOLWRIGHT_LIGHT_MODEL: 'sim-light', TOOLWRIGHT_PRICES: PRICES })).toEqual({
    status: 'ok',
    subject: 'prices',
    says: 'strong: price file simulated-1: sim-strong; light: price file simulated-1: sim-light',
  })
  const folder = mkdtempSync(join(tmpdir(), 'toolwright-doctor-'))
  const own = join(folder, 'own.json')
  const free = { input_mtok: 0, output_mtok: '0' }
  writeFileSync(
    own,
    JSON.stringify({ version: '7', tiers: { flex: '0.5' }, models: { big: { input_mtok: 1, output_mtok: 4 }, small: free } }),
  )
  expect(await found({ TOOLWRIGHT_PRICES: own, TOOLWRIGHT_STRONG_PRICE_TIER: 'flex' })).toMatchObject({
    status: 'ok',
    says: 'strong: price file 7: big, tier flex (0.5 x the price); light: price file 7: small, which is zero',
  })
  expect(await found({ TOOLWRIGHT_PRICES: own, TOOLWRIGHT_PRICE_TIER: 'fast' })).toMatchObject({
    status: 'fail',
    says: expect.stringContaining('has no tier "fast": it has flex'),
    mend: expect.stringContaining('TOOLWRIGHT_PRICE_TIER'),
  })
  rmSync(folder, { recursive: true })
  expect(await found({ TOOLWRIGHT_PRICES: 'nowhere.json' })).toMatchObject({
    status: 'fail',
    says: expect.stringContaining('nowhere.json'),
  })
})
