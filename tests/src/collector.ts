import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'

const Value = z.object({
  stringValue: z.string().optional(),
  intValue: z.number().optional(),
  doubleValue: z.number().optional(),
  boolValue: z.boolean().optional(),
  arrayValue: z.object({ values: z.array(z.object({ stringValue: z.string() })) }).optional(),
})
const Attributes = z
  .array(z.object({ key: z.string(), value: Value }))
  .transform((all) => new Map(all.map(({ key, value }) => [key, Object.values(value)[0]])))

const SpanReceived = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  attributes: Attributes,
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
  status: z.object({ code: z.number().optional() }),
})

const Export = z.object({
  resourceSpans: z.array(
    z.object({ resource: z.object({ attributes: Attributes }), scopeSpans: z.array(z.object({ spans: z.array(SpanReceived) })) }),
  ),
})

/** Who sent a span. */
const Process = z.object({ stage: z.string(), service: z.string() })

export interface ReceivedSpan extends z.infer<typeof SpanReceived>, z.infer<typeof Process> {}

export interface Collector {
  url: string
  spans: ReceivedSpan[]
  /** All that came, as it came: bodies and headers. */
  received: { body: string; headers: string }[]
  close(): Promise<void>
}

/** A collector of traces that speaks OTLP over HTTP in JSON, and keeps what it gets. */
export async function openCollector(): Promise<Collector> {
  const spans: ReceivedSpan[] = []
  const received: Collector['received'] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      received.push({ body, headers: JSON.stringify(request.headers) })
      for (const { resource, scopeSpans } of Export.parse(JSON.parse(body)).resourceSpans) {
        const { stage, service } = Process.parse({
          stage: resource.attributes.get('toolwright.stage'),
          service: resource.attributes.get('service.name'),
        })
        for (const scope of scopeSpans) spans.push(...scope.spans.map((span) => ({ ...span, stage, service })))
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on TCP has such an address.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    received,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
