import { familyNamed, generateStream } from '@toolwright/families'
import { startSimulator } from '@toolwright/simulator/src/server.ts'
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
  for (const name of await names()) {
    expect(
      calls.filter(({ body }) => JSON.stringify(body).includes(name)).map(({ body }) => body.messages),
      name,
    ).toEqual([])
    expect(
      calls.filter(({ headers }) => JSON.stringify(headers).includes(name)),
      name,
    ).toEqual([])
  }
})

test('prompts of every stage, replayed with names and ids replaced by random words, get the same replies', async () => {
  const simulator = await startSimulator({ settings: SETTINGS })
  try {
    const known = await names()
    const replace = (text: string) =>
      known.reduce((changed, name, at) => changed.replaceAll(name, `${['lantern', 'gravel', 'otter'][at % 3]}${at}`), text)
    for (const { body, reply } of calls) {
      const response = await fetch(`${simulator.url}/chat/completions`, {
        method: 'POST',
        headers: { authorization: 'Bearer another-key', 'user-agent': 'somebody-else' },
        body: replace(JSON.stringify(body)),
      })
      expect(await replyOf(response), JSON.stringify(body.messages).slice(0, 500)).toBe(reply)
    }
    const report = Report.parse(await (await fetch(`${simulator.controlUrl}/served`)).json())
    const asked = new Set(Object.values(report.calls).flatMap((byAsked) => Object.keys(byAsked)))
    expect(asked).toEqual(new Set(STAGES))
  } finally {
    await simulator.stop()
  }
})

const Report = z.object({ calls: z.record(z.string(), z.record(z.string(), z.unknown())) })
const Completion = z.object({ choices: z.tuple([z.object({ message: z.object({ content: z.string() }) })]) })

async function replyOf(response: Response): Promise<string | null> {
  return response.ok ? Completion.parse(await response.json()).choices[0].message.content : null
}
