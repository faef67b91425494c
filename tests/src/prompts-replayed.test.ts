import { familyNamed, generateStream } from '@toolwright/families'
import { openModel, openPrices } from '@toolwright/llm'
import { proposeUnansweredPrompt } from '@toolwright/maker/src/prompts.ts'
import { type Simulator, startSimulator } from '@toolwright/simulator/src/server.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { openPipeline, type Pipeline, type RunEnd } from './pipeline.ts'
import { openRecorder, type RecordedCall, type Recorder } from './recorder.ts'

/** Often wrong, so that tools are repaired and arguments asked for again. */
const SETTINGS = {
  wrongness: {
    strong: { propose: { otherwise: 0.9 }, repair: { otherwise: 0.3 } },
    light: { call: { otherwise: 0.4 } },
  },
}
const FAMILIES = ['word-sorting', 'word-sorting-reverse', 'unit-conversion', 'world-knowledge']
const STAGES = ['answer', 'judge', 'call', 'call-again', 'propose', 'repair']
const KIND_NAME = 'quince-harbour'

let pipeline: Pipeline
let recorder: Recorder
let end: RunEnd
let run: string
let calls: RecordedCall[]

beforeAll(async () => {
  pipeline = await openPipeline({ stages: { user: 0, maker: 0 }, settings: SETTINGS })
  recorder = await openRecorder(pipeline.simulator.url)
  const recorded = { TOOLWRIGHT_STRONG_BASE_URL: recorder.url, TOOLWRIGHT_LIGHT_BASE_URL: recorder.url }
  pipeline.start('user', recorded)
  pipeline.start('maker', recorded)
  const lines = generateStream({ families: FAMILIES.map((name) => familyNamed(name)!), count: 120, seed: 6, mix: true, typoShare: 0.05 })
  // One kind by its user's name, the others to be found.
  const input = [...lines].map(({ family, text }) => (family === 'unit-conversion' ? { input: text, kind: KIND_NAME } : { input: text }))
  const started = pipeline.begin(input, { settings: { make: 'eager' } })
  run = started.run
  end = await started.ended
  calls = recorder.calls
}, 180_000)
afterAll(async () => {
  await pipeline.close()
  await recorder.close()
}, 60_000)

/** Names that only this side of the endpoint knows. */
async function names(): Promise<string[]> {
  return [
    ...(await pipeline.registry.kinds.list()),
    KIND_NAME,
    run,
    ...FAMILIES,
    pipeline.environment['TOOLWRIGHT_HOME']!,
    pipeline.environment['TOOLWRIGHT_PREFIX']!,
  ]
}

test('no call carries the name of a kind, a family, a run or a path', async () => {
  expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(0)
  expect(calls.length).toBeGreaterThan(100)
  await expectNoNames(calls)
})

test('prompts of every stage, replayed with names and ids replaced by random words, get the same replies', async () => {
  const simulator = await startSimulator({ settings: SETTINGS })
  try {
    await expectSameReplies(simulator, calls)
    const report = Report.parse(await (await fetch(`${simulator.controlUrl}/served`)).json())
    const asked = new Set(Object.values(report.calls).flatMap((byAsked) => Object.keys(byAsked)))
    expect(asked).toEqual(new Set(STAGES))
  } finally {
    await simulator.stop()
  }
})

test.each(['object', 'none'] as const)(
  'so do those for endpoints with structured output "%s", and those for a tool without trusted answers',
  async (structuredOutput) => {
    const simulator = await startSimulator({ settings: { ...SETTINGS, structuredOutput } })
    const between = await openRecorder(simulator.url)
    try {
      const modelOf = (role: 'strong' | 'light') =>
        openModel({ role, baseUrl: between.url, apiKey: 'test', model: simulator.models[role], timeoutMs: 30_000 }, openPrices())
      const light = modelOf('light')
      // What the run asked in JSON, as such an endpoint is asked for it.
      const inJson = calls.flatMap(({ body }) => (formatOf(body) === null ? [] : [body])).slice(0, 40)
      for (const body of inJson) {
        const messages = body.messages.map((message) => Message.parse(message))
        await light.complete({ messages, temperature: 0, maxTokens: 500, schema: formatOf(body)!.json_schema })
      }
      const shown = calls
        .filter(({ body }) => body.model === simulator.models.strong)
        .flatMap(({ body, reply }) => {
          const text = body.messages.at(-1)!.content
          return typeof text === 'string' && reply !== null && text.length < 200 ? [{ text, answer: reply }] : []
        })
      expect(shown.length).toBeGreaterThan(6)
      await modelOf('strong').complete(proposeUnansweredPrompt(shown.slice(0, 6), 1))

      const rare = between.calls.filter(({ status }) => status === 200)
      expect(rare).toHaveLength(inJson.length + 1)
      expect(rare.filter(({ body }) => /must fit this JSON schema/.test(JSON.stringify(body.messages)))).toHaveLength(inJson.length)
      await expectNoNames(rare)
      await expectSameReplies(simulator, rare)
    } finally {
      await between.close()
      await simulator.stop()
    }
  },
)

test('group numbers and names of schemas are labels: with others, only the number in the reply is another', async () => {
  const settings = { ...SETTINGS, wrongness: { ...SETTINGS.wrongness, light: { judge: { otherwise: 0 } } } }
  const simulator = await startSimulator({ settings })
  try {
    const judgements = calls.filter(({ body }) => formatOf(body)?.json_schema.name === 'group').slice(0, 60)
    expect(judgements.length).toBeGreaterThan(10)
    let chosen = 0
    for (const { body } of judgements) {
      const text = JSON.stringify(body)
      const renamed = text
        .replaceAll(/# Group (\d+)/g, (_, number) => `# Group ${other(Number(number))}`)
        .replace('"name":"group"', '"name":"pebble"')
      expect(renamed).not.toBe(text)
      const [plain, changed] = [await ask(simulator, text), await ask(simulator, renamed)]
      const { group } = Judgement.parse(JSON.parse(plain!))
      expect(Judgement.parse(JSON.parse(changed!)), text.slice(0, 500)).toEqual({ group: group === 0 ? 0 : other(group) })
      if (group !== 0) chosen++
    }
    expect(chosen).toBeGreaterThan(0)
  } finally {
    await simulator.stop()
  }
})

async function expectNoNames(made: RecordedCall[]): Promise<void> {
  for (const name of await names()) {
    expect(
      made.filter(({ body }) => JSON.stringify(body).includes(name)).map(({ body }) => body.messages),
      name,
    ).toEqual([])
    expect(
      made.filter(({ headers }) => JSON.stringify(headers).includes(name)),
      name,
    ).toEqual([])
  }
}

async function expectSameReplies(simulator: Simulator, made: RecordedCall[]): Promise<void> {
  const known = await names()
  for (const { body, reply } of made) {
    const text = known.reduce((changed, name, at) => changed.replaceAll(name, `${WORDS[at % WORDS.length]}${at}`), JSON.stringify(body))
    expect(await ask(simulator, text), JSON.stringify(body.messages).slice(0, 500)).toBe(reply)
  }
}

const WORDS = ['lantern', 'gravel', 'otter']
const Report = z.object({ calls: z.record(z.string(), z.record(z.string(), z.unknown())) })
const Completion = z.object({ choices: z.tuple([z.object({ message: z.object({ content: z.string() }) })]) })
const Message = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })
const Format = z.object({ json_schema: z.object({ name: z.string(), schema: z.record(z.string(), z.unknown()) }) })
const Judgement = z.object({ group: z.int() })

function formatOf(body: RecordedCall['body']): z.infer<typeof Format> | null {
  return Format.safeParse(body['response_format']).data ?? null
}

function other(group: number): number {
  return group * 7 + 40
}

async function ask(simulator: Simulator, body: string): Promise<string | null> {
  const response = await fetch(`${simulator.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer another-key', 'user-agent': 'somebody-else' },
    body,
  })
  return response.ok ? Completion.parse(await response.json()).choices[0].message.content : null
}
