import type { Payer } from '@toolwright/answering'
import type { Example } from '@toolwright/contracts'
import { families, familyNamed, generateStream, seededRandom } from '@toolwright/families'
import { openModel, openPrices } from '@toolwright/llm'
import { proposePrompt } from '@toolwright/maker/src/prompts.ts'
import { readProposal } from '@toolwright/maker/src/proposal.ts'
import { verify, type Verdict } from '@toolwright/maker/src/verify.ts'
import type { JobContext } from '@toolwright/queues'
import type { MakePlan } from '@toolwright/registry'
import { openLog } from '@toolwright/runtime'
import { openSandbox, type Sandbox } from '@toolwright/sandbox'
import { IMAGE_FOLDER } from '@toolwright/sandbox/testing'
import { type Simulator, startSimulator } from '@toolwright/simulator/src/server.ts'
import { FaultyWay } from '@toolwright/simulator/src/settings.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerOf, openPipeline, seqsOf } from './pipeline.ts'

const TOOLS = ['word-sorting', 'unit-conversion', 'schedule']
const DRAWS = [1, 2]

function onlyWay(way: FaultyWay): Record<string, number> {
  return Object.fromEntries(FaultyWay.options.map((one) => [one, one === way ? 1 : 0]))
}

describe('a tool that is wrong in one way', () => {
  let simulator: Simulator
  let sandbox: Sandbox

  beforeAll(async () => {
    ;[simulator, sandbox] = await Promise.all([
      startSimulator({ settings: { wrongness: { light: { call: { otherwise: 0 } } } } }),
      openSandbox({ imageFolder: IMAGE_FOLDER, log: () => undefined }),
    ])
  }, 60_000)
  afterAll(async () => {
    await Promise.all([simulator.stop(), sandbox.close()])
  })

  /** What the harness says of a proposal by a tool maker with these settings: null where its reply holds no tool at all. */
  async function verdictOn(name: string, draw: number, share: number, way: FaultyWay): Promise<Verdict | null> {
    await fetch(simulator.controlUrl, {
      method: 'POST',
      body: JSON.stringify({ wrongness: { strong: { propose: { otherwise: share } } }, faultyWays: onlyWay(way) }),
    })
    const prices = openPrices()
    const modelOf = (role: 'strong' | 'light') =>
      openModel({ role, baseUrl: simulator.url, apiKey: 'test', model: simulator.models[role], timeoutMs: 30_000 }, prices)
    const models = { strong: modelOf('strong'), light: modelOf('light') }
    const payer: Payer = {
      models,
      pay: async (payment, call, signal) => ({ v: 1, ...(await models[payment.role].complete(call, signal)) }),
    }
    const context: JobContext = {
      jobId: 'make-test',
      attempt: 1,
      signal: new AbortController().signal,
      log: openLog({ stage: 'tests', level: 'error' }),
      execute: async (steps) =>
        Object.fromEntries(
          await Promise.all(
            Object.entries(steps).map(async ([step, job]) => [
              step,
              { status: 'done' as const, result: { v: 1 as const, outcomes: await sandbox.run(job) } },
            ]),
          ),
        ),
    }
    const plan = planOf(name, draw)
    const reply = await models.strong.complete(proposePrompt(plan.shown, [], draw))
    const proposal = readProposal(reply.text)
    if (!proposal.ok) return null
    const kind = 'k-test-000000'
    const payment = { run: 'r-aaaaaaaaaa', kind, make: { kind, generation: 1 } }
    return await verify(proposal.candidate, { payer, payment, plan, revealed: new Set(), step: 'a1t0', context })
  }

  test('while a right one passes in both tiers', { timeout: 60_000 }, async () => {
    for (const name of TOOLS)
      expect(await verdictOn(name, 1, 0, 'crashes'), name).toMatchObject({ extracted: true, called: true, problems: [] })
  })

  for (const way of ['memorised', 'wrong-form', 'rigged', 'clock', 'crashes', 'no-code', 'cut-off'] as const) {
    test(`is not published: ${way}`, { timeout: 60_000 }, async () => {
      for (const name of TOOLS) {
        for (const draw of DRAWS) {
          const verdict = await verdictOn(name, draw, 1, way)
          const mayServe = verdict !== null && (verdict.extracted || verdict.called)
          expect(mayServe, `${name} ${draw}`).toBe(false)
          expect(verdict?.problems, `${name} ${draw}: nothing to tell the tool maker`).not.toEqual([])
        }
      }
    })
  }

  test('is not published: loops', { timeout: 60_000 }, async () => {
    expect(await verdictOn('word-sorting', 1, 1, 'loops')).toMatchObject({ extracted: false, called: false })
  })

  test('does not serve by `extract` where that accepts what it does not understand: permissive', { timeout: 60_000 }, async () => {
    for (const name of TOOLS)
      for (const draw of DRAWS) expect(await verdictOn(name, draw, 1, 'permissive'), `${name} ${draw}`).toMatchObject({ extracted: false })
  })

  test(
    'is published with a bad schema only where the schema could be mended without changing what it means',
    { timeout: 60_000 },
    async () => {
      const verdicts: (Verdict | null)[] = []
      for (const name of TOOLS) for (const draw of DRAWS) verdicts.push(await verdictOn(name, draw, 1, 'bad-schema'))
      expect(verdicts).toContain(null)
      expect(verdicts.filter((verdict) => verdict?.extracted === true && verdict.problems.length > 0)).toEqual([])
    },
  )
})

test('with a tool maker that is always wrong nothing is extracted, and every line is answered', { timeout: 150_000 }, async () => {
  const faultyWays = { loops: 0, 'bad-schema': 0 }
  const wrong = { propose: { otherwise: 1 }, repair: { otherwise: 1 } }
  const pipeline = await openPipeline({ settings: { faultyWays, wrongness: { strong: wrong, light: wrong } } })
  try {
    const lines = [
      ...generateStream({ families: TOOLS.slice(0, 2).map((name) => familyNamed(name)!), count: 40, seed: 12, mix: true, typoShare: 0 }),
    ]
    const { code, results, talk } = await pipeline.run(
      lines.map((line) => ({ input: line.text, kind: `kind ${line.family}`, target: line.target })),
      { settings: { make: 'eager' } },
    )
    expect(code, `${talk}\n${pipeline.log()}`).toBe(0)
    expect(seqsOf(results)).toEqual(lines.map((_, at) => at))
    expect(results.every((result) => answerOf(result) !== null)).toBe(true)
    expect(results.filter((result) => result.toolwright.tier === 'extracted')).toEqual([])
    expect(results.filter((result) => result.toolwright.tier === 'direct').length).toBeGreaterThan(0)
    // A permissive `extract` may stand beside a right `solve`: that tool serves `called` alone.
    for (const kind of (await pipeline.publishedVersions()).keys())
      for (const tool of await pipeline.registry.tools.versions(kind)) expect(tool.tiers).toEqual({ extracted: false, called: true })
  } finally {
    await pipeline.close()
  }
})

/** Three examples to propose from and seven held back, in two wordings by turns, and requests of every other family that must be refused. */
function planOf(name: string, draw: number): MakePlan {
  const examples = Array.from({ length: 10 }, (_, at): Example => {
    const { text, target } = familyNamed(name)!.generate(seededRandom('own', draw, at), at % 2)
    return { v: 1, text, answer: target!, source: 'given', votes: 1, run: 'r-aaaaaaaaaa', at }
  })
  const foreign = families
    .filter((family) => family.name !== name)
    .map((family) => {
      const { text, target } = family.generate(seededRandom('foreign', draw, family.name), 0)
      return { text, answer: target, run: '' }
    })
  return { v: 1, shown: examples.slice(0, 3), heldBack: examples.slice(3), foreign }
}
