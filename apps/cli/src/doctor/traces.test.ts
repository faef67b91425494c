import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { checkTraces } from './traces.ts'

test('says where traces go, whether somebody is there, and nothing while they are off', async () => {
  const collector = createServer((_request, response) => response.writeHead(405).end())
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  // A server that listens on TCP has such an address.
  const { port } = collector.address() as AddressInfo
  const endpoint = `http://127.0.0.1:${port}`
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }
  expect(await checkTraces(environment)).toEqual([{ status: 'ok', subject: 'traces', says: `sent to ${endpoint}/v1/traces` }])
  collector.closeAllConnections()
  await new Promise<void>((resolve) => collector.close(() => resolve()))
  expect(await checkTraces(environment)).toMatchObject([
    { status: 'warn', says: expect.stringContaining('does not answer (connect ECONNREFUSED') as string },
  ])
  expect(await checkTraces({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' })).toMatchObject([{ status: 'fail', cause: 'configuration' }])
  expect(await checkTraces({})).toEqual([])
})
