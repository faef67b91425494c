import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Collector, openCollector, type ReceivedSpan } from './collector.ts'
import { FAMILY, loadOf } from './fault-load.ts'
import { answerOf, openPipeline, type Pipeline, type RunEnd, until } from './pipeline.ts'
import { familyNamed, generateStream } from '@toolwright/families'

const KEY = 'sk-proj-abcdef0123456789'
const TEXTS = ['gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.tool.call.arguments', 'gen_ai.tool.call.result']

let collector: Collector
let pipeline: Pipeline

beforeAll(async () => {
  collector = await openCollector()
  pipeline = await openPipeline({
    environment: {
      OPENAI_API_KEY: KEY,
      TOOLWRIGHT_LOG_LEVEL: 'debug',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=team-a',
      OTEL_SERVICE_NAME: 'sums',
      // Sent soon, and given up soon.
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_EXPORTER_OTLP_TIMEOUT: '5000',
    },
  })
}, 120_000)

afterAll(async () => {
  await pipeline?.close()
  await collector?.close()
})

/** The spans of a run, once all that ended with it have come. */
async function spansOf(run: string, isWhole: (spans: ReceivedSpan[]) => boolean): Promise<ReceivedSpan[]> {
  const ofRun = () => {
    const traces = new Set(collector.spans.filter(({ attributes }) => attributes.get('toolwright.run') === run).map((span) => span.traceId))
    return collector.spans.filter((span) => traces.has(span.traceId))
  }
  await until('the spans of the run have come', () => areWhole(ofRun()) && isWhole(ofRun()), 30_000).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${ofRun().map(describe).join('\n')}`, { cause: error })
  })
  return ofRun()
}

/** Whether each span's parent is there. */
function areWhole(spans: ReceivedSpan[]): boolean {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  return spans.every(({ parentSpanId }) => !parentSpanId || ids.has(parentSpanId))
}

function describe({ stage, name, spanId, parentSpanId, traceId }: ReceivedSpan): string {
  return `${stage} ${name} ${spanId} under ${parentSpanId ?? 'none'} in ${traceId}`
}

const has = (spans: ReceivedSpan[], name: string) => spans.some((span) => span.name.startsWith(name))
const answers = ({ results }: RunEnd) => results.flatMap((result) => answerOf(result) ?? [])
let made: string[] = []

test('a batch is one trace over all processes and the make that it brings about', async () => {
  const stream = [...generateStream({ families: [familyNamed(FAMILY)!], count: 48, seed: 11, mix: false, typoShare: 0 })].slice(0, 24)
  const started = pipeline.begin(
    stream.map(({ text, target }) => ({ input: text, kind: FAMILY, target })),
    { settings: { make: 'eager' } },
  )
  const end = await started.ended
  expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(0)
  made = [...stream.map(({ text }) => text), ...answers(end)]
  const spans = await spansOf(started.run, (all) => has(all, 'make k-') && has(all, 'process results') && has(all, 'execute_tool'))

  expect(new Set(spans.map(({ traceId }) => traceId)), spans.map(describe).join('\n')).toHaveProperty('size', 1)
  expect(new Set(spans.map(({ stage }) => stage))).toEqual(new Set(['run', 'producer', 'user', 'maker', 'executor']))
  expect(new Set(spans.map(({ service }) => service))).toContain('sums-user')
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const parentsOf = (name: string) =>
    new Set(spans.filter((span) => span.name.startsWith(name)).map(({ parentSpanId }) => byId.get(parentSpanId ?? '')?.name ?? 'none'))
  expect(parentsOf('send requests')).toEqual(new Set(['none']))
  expect(parentsOf('process requests')).toEqual(new Set(['send requests']))
  expect(parentsOf('process maker')).toEqual(new Set(['process requests']))
  // All lines waited for the tool; they are their batch's all the same.
  expect(parentsOf('process user')).toEqual(new Set(['process requests']))
  expect(parentsOf('make k-')).toEqual(new Set(['process requests']))
  expect(parentsOf('execute_tool')).toEqual(new Set(['process execution']))
  expect(['process user', 'process direct', 'process maker']).toEqual(expect.arrayContaining([...parentsOf('chat sim-')]))
  expect(['process user', 'process maker']).toEqual(expect.arrayContaining([...parentsOf('process execution')]))
}, 120_000)

test('model calls, executions and jobs are named as the conventions say', async () => {
  const { lines } = loadOf(6, 2)
  const started = pipeline.begin(lines)
  expect((await started.ended).code, pipeline.log()).toBe(0)
  const spans = await spansOf(started.run, (all) => has(all, 'chat sim-strong') && has(all, 'execute_tool') && has(all, 'process results'))
  const attributesOf = (name: string) => Object.fromEntries(spans.find((span) => span.name.startsWith(name))!.attributes)
  const { port } = new URL(pipeline.simulator.url)
  expect(attributesOf('chat sim-strong')).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai_compatible',
    'gen_ai.request.model': 'sim-strong',
    'gen_ai.response.model': 'sim-strong',
    'gen_ai.usage.input_tokens': expect.any(Number) as number,
    'gen_ai.usage.output_tokens': expect.any(Number) as number,
    'server.address': '127.0.0.1',
    'server.port': Number(port),
    'toolwright.model.purpose': 'answer',
    'toolwright.run': started.run,
  })
  const [kind] = await pipeline.registry.kinds.list()
  expect(attributesOf('execute_tool')).toMatchObject({
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': `${kind}@1`,
    'toolwright.execution.calls': 6,
    'toolwright.execution.ok': 6,
    'toolwright.run': started.run,
  })
  expect(attributesOf('process user')).toMatchObject({
    'messaging.system': 'bullmq',
    'messaging.destination.name': 'user',
    'messaging.batch.message_count': 6,
    'toolwright.run': started.run,
    'toolwright.kind': kind,
    'toolwright.tool': `${kind}@1`,
    'toolwright.step': 'extract',
  })
  expect(collector.received[0]?.headers).toContain('"x-tenant":"team-a"')
}, 120_000)

test('no text of a request or a reply leaves, in spans or logs, and no key', () => {
  const all = collector.received.map(({ body }) => body).join('\n')
  expect(all).not.toContain(KEY)
  const values = collector.spans.flatMap(({ attributes }) => [...attributes.values()].filter((value) => typeof value === 'string'))
  for (const text of made.filter(({ length }) => length > 5)) {
    expect(values.filter((value) => value.includes(text))).toEqual([])
    expect(pipeline.log()).not.toContain(text)
  }
  expect(pipeline.log()).toContain('verified a candidate')
  for (const name of TEXTS) expect(all).not.toContain(name)
})

test('texts are there where they were asked for', async () => {
  for (const stage of ['user', 'executor'] as const) {
    await pipeline.kill(pipeline.processes(stage)[0]!)
    pipeline.start(stage, { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true' })
  }
  const { lines } = loadOf(6, 2)
  const started = pipeline.begin(lines)
  const end = await started.ended
  expect(end.code, pipeline.log()).toBe(0)
  const spans = await spansOf(started.run, (all) => has(all, 'chat sim-strong') && has(all, 'execute_tool'))
  const textsIn = (name: string) => spans.flatMap(({ attributes }) => JSON.stringify(attributes.get(name) ?? '')).join('\n')
  const direct = end.results.find((result) => result.toolwright.tier === 'direct')!
  expect(textsIn('gen_ai.input.messages')).toContain(quoted('"role":"user"'))
  expect(textsIn('gen_ai.output.messages')).toContain(quoted(JSON.stringify(answerOf(direct))))
  const extracted = end.results.find((result) => result.toolwright.tier === 'extracted')!
  expect(textsIn('gen_ai.tool.call.result')).toContain(quoted(JSON.stringify(answerOf(extracted))))
  expect(textsIn('gen_ai.tool.call.arguments')).toContain(quoted('"text":'))
  expect(collector.received.map(({ body }) => body).join('\n')).not.toContain(KEY)
}, 120_000)

test('a collector that is away fails nothing, and is told of once', async () => {
  await collector.close()
  const { lines } = loadOf(6, 2)
  for (let round = 0; round < 2; round++) {
    const { code, results } = await pipeline.run(lines)
    expect(code, pipeline.log()).toBe(0)
    expect(results.map((result) => result.response?.status_code)).toEqual(lines.map(() => 200))
  }
  await until('the user pool has said so', () => warningsOf('user').length > 0, 30_000)
  expect(warningsOf('user')).toHaveLength(1)
}, 120_000)

function warningsOf(stage: string): string[] {
  return pipeline
    .log()
    .split('\n')
    .filter((line) => line.includes(`"stage":"${stage}"`) && line.includes('spans cannot be sent'))
}

/** As it stands within a JSON string. */
function quoted(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
