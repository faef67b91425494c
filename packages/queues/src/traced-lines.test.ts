import { openLog, openTraces } from '@toolwright/runtime'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { sendTogether } from './traced-lines.ts'

const Received = z.object({
  resourceSpans: z.array(
    z.object({
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              name: z.string(),
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
            }),
          ),
        }),
      ),
    }),
  ),
})

test('lines of several batches go on in the first trace, under a span that is linked with the others; those of one, in its own', async () => {
  const bodies: string[] = []
  const collector = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      bodies.push(body)
      response.end('{}')
    })
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  // A server that listens on TCP has such an address.
  const { port } = collector.address() as AddressInfo
  const log = openLog({ stage: 'test', level: 'error' })
  const traces = (await openTraces({ stage: 'test', environment: { otlpEndpoint: `http://127.0.0.1:${port}` }, log }))!
  const begin = (name: string) => traces.begin({ name, kind: 'consumer', attributes: {} }, { parent: null })
  const carried = () => Promise.resolve(traces.carry(traces.current()!))

  const [one, two] = [begin('one'), begin('two')]
  const together = await sendTogether(traces, 'user', [one, two, one, undefined], carried)
  const alone = await sendTogether(traces, 'user', [two, traces.carry(two)], carried)
  one.end()
  two.end()
  await traces.close()
  collector.close()

  const spans = bodies.flatMap((body) =>
    Received.parse(JSON.parse(body)).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
  )
  const named = (name: string) => spans.find((span) => span.name === name)!
  const sent = named('send user')
  expect(spans).toHaveLength(3)
  expect(sent).toMatchObject({ traceId: named('one').traceId, parentSpanId: named('one').spanId })
  expect(sent.links).toEqual([{ traceId: named('two').traceId, spanId: named('two').spanId }])
  expect(named('two').links).toEqual([{ traceId: sent.traceId, spanId: sent.spanId }])
  expect(together).toBe(`00-${sent.traceId}-${sent.spanId}-01`)
  expect(alone).toBe(`00-${named('two').traceId}-${named('two').spanId}-01`)
})

test('without traces, lines are just sent', async () => {
  expect(await sendTogether(undefined, 'user', [], () => Promise.resolve('sent'))).toBe('sent')
})
