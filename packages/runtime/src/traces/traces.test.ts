import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { openLog } from '../log.ts'
import { parseEnvironment } from '../environment.ts'
import { executionEnd, modelCallSpan, modelReplyEnd, promptTexts } from './conventions.ts'
import { samplerNamed } from './sampler.ts'
import { capturesTexts, tracesEndpoint, tracesEnvironment } from './traces-environment.ts'
import { openTraces } from './traces.ts'
import { z } from 'zod'

const read = (env: Record<string, string>) => parseEnvironment(z.object(tracesEnvironment), env)
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' }

function asksForTexts(value: string): boolean {
  return capturesTexts(read({ OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: value }))
}

describe('traces', () => {
  test('are on where an endpoint is set, and off where OpenTelemetry is', () => {
    expect(tracesEndpoint(read({}))).toBeNull()
    expect(tracesEndpoint(read(ENDPOINT))).toBe('http://collector:4318/v1/traces')
    expect(tracesEndpoint(read({ ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://other/in' }))).toBe('https://other/in')
    expect(tracesEndpoint(read({ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }))).toBeNull()
    expect(tracesEndpoint(read({ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }))).toBeNull()
    expect(() => read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' })).toThrow(
      /OTEL_EXPORTER_OTLP_ENDPOINT is wrong: .*http:\/\/127.0.0.1:4318/,
    )
  })

  test('load nothing of their own while they are off', () => {
    // prom-client loads OpenTelemetry's interfaces anyway.
    const script = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ resolve: (name, context, next) => (/opentelemetry.(sdk|exporter|resources)/.test(name) && loaded.push(name), next(name, context)) })
      const { openTraces, openLog } = await import(${JSON.stringify(new URL('../index.ts', import.meta.url).href)})
      const log = openLog({ stage: 'test', level: 'error' })
      const open = async (environment) => console.log((await openTraces({ stage: 'test', environment, log })) !== undefined, loaded.length > 0)
      await open({})
      await open({ otlpEndpoint: 'http://127.0.0.1:9' })
    `
    const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
    expect(said).toBe('false false\ntrue true\n')
  })

  test('hold texts only where they were asked for, in the words of the conventions', () => {
    expect(['true', 'SPAN_ONLY', 'SPAN_AND_EVENT', 'false', 'NO_CONTENT', 'EVENT_ONLY', ''].map(asksForTexts)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })

  test('tell of a sampler that is not known, and send every trace then', async () => {
    expect(samplerNamed('parentbased_traceidratio', '0.25')?.toString()).toContain('TraceIdRatioBased{0.25}')
    expect(samplerNamed('xray')).toBeNull()
    expect(samplerNamed('traceidratio', '7')).toBeNull()
    const lines: string[] = []
    const log = openLog({ stage: 'test', level: 'warn', write: (line) => lines.push(line) })
    const traces = (await openTraces({ stage: 'test', environment: read({ ...ENDPOINT, OTEL_TRACES_SAMPLER: 'xray' }), log }))!
    expect(lines.join()).toContain('"OTEL_TRACES_SAMPLER":"xray"')
    const span = traces.begin({ name: 'one', kind: 'internal', attributes: {} })
    expect(traces.carry(span)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  })
})

describe('the conventions', () => {
  const call = {
    model: 'gpt-x',
    role: 'strong',
    purpose: 'answer',
    run: 'r-aaaaaaaaaa',
    kind: null,
    maxTokens: 100,
    temperature: 0,
    seed: undefined,
    wantsJson: true,
  }

  test('a provider is told by its host, and a password in a URL by nobody', () => {
    const span = modelCallSpan({ ...call, baseUrl: 'https://me:secret@eu.api.openai.com/v1' })
    expect(span).toMatchObject({ name: 'chat gpt-x', kind: 'client' })
    expect(span.attributes).toMatchObject({
      'gen_ai.provider.name': 'openai',
      'server.address': 'eu.api.openai.com',
      'server.port': 443,
      'gen_ai.output.type': 'json',
    })
    expect(JSON.stringify(span)).not.toContain('secret')
    expect(modelCallSpan({ ...call, baseUrl: 'http://notopenai.com:8000/v1' }).attributes).toMatchObject({
      'gen_ai.provider.name': 'openai_compatible',
      'server.port': 8000,
    })
  })

  test('cached tokens are input tokens; a cost that is unknown is not there', () => {
    const tokens = { uncachedInput: 5, cacheRead: 3, cacheWrite: 2, output: 7 }
    const end = modelReplyEnd({ id: 'chatcmpl-1', model: 'gpt-x-1', finish: 'stop', tokens, costNano: null })
    expect(end).toMatchObject({ 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 7, 'gen_ai.response.id': 'chatcmpl-1' })
    expect(end['toolwright.cost_usd']).toBeUndefined()
  })

  test('outcomes of an execution are counted; messages of any shape are told', () => {
    expect(executionEnd(['ok', 'timed-out', 'ok'])).toEqual({ 'toolwright.execution.ok': 2, 'toolwright.execution.timed_out': 1 })
    const told = promptTexts([{ role: 'user', content: 'Hi' }, 'nonsense'])
    expect(told).toEqual({ 'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"Hi"}]},{"parts":[]}]' })
  })
})
