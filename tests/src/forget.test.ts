import { connectRedis, type RedisConnection } from '@toolwright/queues'
import { contentOf } from '@toolwright/registry/testing'
import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPipeline, type Pipeline, type RunOptions, until } from './pipeline.ts'

const CLI = resolve(import.meta.dirname, '../../apps/cli/src/main.ts')
/** Stands in every request of the run that is forgotten, past what a kind's id is made of. */
const SECRET = 'xylophage'

let pipeline: Pipeline
let redis: RedisConnection

beforeAll(async () => {
  pipeline = await openPipeline({ settings: { wrongness: { strong: { propose: { otherwise: 0 } }, light: { call: { otherwise: 0 } } } } })
  redis = connectRedis(pipeline.environment['REDIS_URL']!, { patient: true })
}, 60_000)
afterAll(async () => {
  redis.disconnect()
  await pipeline.close()
}, 60_000)

/** What the command says on stderr. */
async function forget(run: string): Promise<string> {
  const { stderr } = await promisify(execFile)(process.execPath, [CLI, 'forget', run], {
    env: pipeline.environment,
    cwd: join(CLI, '../../..'),
  })
  return stderr
}

/** Keys of registry and queues that hold the word. */
async function keysWith(word: string): Promise<string[]> {
  const all = await contentOf(redis, `{${pipeline.environment['TOOLWRIGHT_PREFIX']}:`)
  return [...all].filter(([key, text]) => key.includes(word) || text.includes(word)).map(([key]) => key)
}

/** Word sorting, with a word of its own in each request. */
function sorting(count: number, word: string, more: object = {}) {
  return Array.from({ length: count }, (_, at) => {
    const words = ['oven', 'costume', `${word}${inLetters(at)}`, 'pear', 'counterpart'].slice(at % 2)
    const target = words.toSorted((a, b) => (a < b ? -1 : 1)).join(' ')
    return { id: `${word}-${at}`, input: `Sort the following words alphabetically: List: ${words.join(' ')}`, target, ...more }
  })
}

function inLetters(at: number): string {
  return at.toString(10).replaceAll(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!)
}

/** Requests of which the models know nothing, so that a judge has to find their kind, and no tool is made. */
function unknown(count: number) {
  return Array.from({ length: count }, (_, at) => ({
    input: `What would you reply to a friend who says that the ${SECRET} of number ${at} is blue?`,
  }))
}

const EAGER: RunOptions = { settings: { make: 'eager' } }

test(
  'a run that made a tool is forgotten: none of its texts is left in Redis, and the tool answers others as before',
  { timeout: 180_000 },
  async () => {
    const mine = pipeline.begin([...sorting(60, SECRET, { kind: 'sorting' }), ...unknown(25)], EAGER)
    const { code, talk } = await mine.ended
    expect(code, `${talk}\n${pipeline.log()}`).toBe(0)
    const [[kind]] = [...(await pipeline.publishedVersions())] as [[string, number]]
    const { usage, tiers, sha256 } = await pipeline.registry.tools.get(kind, 1)
    expect([tiers.called, usage.length > 0, usage.every(({ text, run }) => text.includes(SECRET) && run === mine.run)]).toEqual([
      true,
      true,
      true,
    ])
    expect((await keysWith(SECRET)).length).toBeGreaterThan(3)

    const said = await forget(mine.run)
    expect(await keysWith(SECRET)).toEqual([])
    expect(said).toMatch(new RegExp(`^forgot ${mine.run}: `))
    expect(said).toContain(`${kind}@1 has no usage examples left for the light model: it answers only what it reads by itself\n`)
    expect(said).toMatch(new RegExp(`source may hold words: .*${kind}@1`))
    const [stored] = await pipeline.registry.tools.versions(kind)
    expect(stored).toMatchObject({ usage: [], tiers: { extracted: true, called: false }, sha256 })

    const theirs = await pipeline.run(sorting(40, 'quagga', { kind: 'sorting' }), EAGER)
    expect(theirs.code, `${theirs.talk}\n${pipeline.log()}`).toBe(0)
    expect(theirs.results.filter(({ toolwright }) => toolwright.tier === 'extracted' && toolwright.correct).length).toBeGreaterThan(30)
    await expect(forget(mine.run)).resolves.toContain('0 jobs and 0 waiting lines of its requests, 0 examples, 0 other texts')
  },
)

test('a run is forgotten while workers have its requests in hand', { timeout: 180_000 }, async () => {
  await pipeline.simulator.control('', { latency: { baseMs: 400 } })
  const lines = [...sorting(200, SECRET).map(({ input }) => ({ input })), ...unknown(60)]
  const mine = pipeline.begin(lines, EAGER)
  await until('its texts are in kinds and jobs, and calls under way', async () => {
    const { active } = await pipeline.queues.depth('direct')
    return active > 0 && (await keysWith(SECRET)).length > 10
  })
  await pipeline.kill(mine.process)
  await mine.ended
  await until('its client is known to be gone', async () => (await pipeline.queues.workersOf('results', mine.run)) === 0)

  await forget(mine.run)
  expect(await keysWith(SECRET)).toEqual([])
  expect((await keysWith(mine.run)).filter((key) => !key.includes(':r:kind:'))).toEqual([])
  // Nothing brings them back: whatever a worker still did is over by the time that other requests are answered.
  await pipeline.simulator.control('', { latency: { baseMs: 0 } })
  expect((await pipeline.run(sorting(30, 'quagga'), EAGER)).code).toBe(0)
  expect(await keysWith(SECRET)).toEqual([])
})
