import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkEndpoint, checkModels } from './models.ts'

let server: Server
let baseUrl: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const answers: Record<string, [number, string]> = {
      '/v1/models': request.headers.authorization === 'Bearer right' ? [200, '{"data":[{"id":"big"},{"id":"small"}]}'] : [401, '{}'],
      '/ill/models': [503, ''],
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
    'is content with an endpoint that lists no models',
    '/other',
    'right',
    'big',
    { status: 'ok', says: expect.stringContaining('lists no models') },
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
