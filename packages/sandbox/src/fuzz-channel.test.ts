import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { encodeFrame, frameDecoder, HEADER_BYTES } from './child/frames.ts'
import type { ChildMessage as SentMessage } from './child/messages.ts'
import { ChildMessage } from './child-message.ts'
import { startChild } from './child-process.ts'
import { anyObject, anyText } from './fuzz-values.ts'
import { ALL_LAYERS } from './layers.ts'
import { type Image, openImage } from './open-image.ts'
import { Outcome } from './outcome.ts'
import { CHANNEL, type SpawnPlan, spawnChild } from './spawn-child.ts'
import { IMAGE_FOLDER } from './testing.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

/** A failure prints this seed, and the path to its smallest example. */
const SEED = 20_261_122
const MAX_BODY_BYTES = 1_000

const output = { stdout: anyText, stderr: anyText }
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({
    status: fc.constant('ok' as const),
    result: fc.option(anyText),
    arguments: fc.option(
      fc.oneof(
        anyText,
        anyObject.map(({ plain }) => plain),
      ),
    ),
    ...output,
  }),
  fc.record({ status: fc.constant('refused' as const), ...output }),
  fc.record({ status: fc.constantFrom('timed-out' as const, 'crashed' as const, 'out-of-memory' as const), message: anyText }),
  fc.record({ status: fc.constantFrom('bad-result' as const, 'bad-source' as const), message: anyText, ...output }),
)
const message: fc.Arbitrary<SentMessage> = fc.oneof(
  fc.constant({ type: 'compiled' as const }),
  { weight: 4, arbitrary: fc.record({ type: fc.constant('outcome' as const), outcome }) },
  fc.record({ type: fc.constant('done' as const), recycle: fc.option(anyText, { freq: 2 }) }),
  fc.constant({ type: 'ready' as const }),
)
const anyBytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))

/** What a child says, with some bytes changed, cut out or put in. */
const mutatedBytes = fc
  .tuple(fc.array(message, { maxLength: 5 }), fc.array(fc.tuple(fc.nat(), fc.nat({ max: 5 }), anyBytes), { maxLength: 3 }))
  .map(([messages, changes]) =>
    changes.reduce(
      (bytes, [place, cut, put]) => {
        const at = place % (bytes.length + 1)
        return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)])
      },
      Buffer.concat(messages.map((one) => encodeFrame(one))),
    ),
  )

describe('frames', () => {
  test('come back whole, however they were cut', () => {
    const property = fc.property(fc.array(message), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (messages, sizes) => {
      const decode = frameDecoder(1_000_000)
      const bodies = chunked(Buffer.concat(messages.map((one) => encodeFrame(one))), sizes).flatMap((chunk) => decode(chunk).map(String))
      expect(bodies).toEqual(messages.map((one) => JSON.stringify(one)))
    })
    fc.assert(property, { seed: SEED, numRuns: 500 })
  })

  test('of any bytes are bodies within the limit, or the one error that is announced, at the header that asks for too much', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 })
    const property = fc.property(fc.oneof(anyBytes, mutatedBytes), sizes, (bytes, cuts) => {
      const [found, wanted] = [decodedIn(chunked(bytes, cuts)), decodedAt(bytes, 0)]
      expect(found.error).toBe(wanted.error)
      // Those that came in one piece with the header that asks for too much are lost.
      const count = found.error === null ? wanted.bodies.length : found.bodies.length
      expect(found.bodies).toEqual(wanted.bodies.slice(0, count))
    })
    fc.assert(property, { seed: SEED, numRuns: 1_500 })
  })

  test('hold messages, or what the parent refuses: nothing else gets through, and nothing is thrown', () => {
    const property = fc.property(fc.oneof(message, fc.jsonValue(), fc.tuple(message, anyText, fc.jsonValue()).map(withMember)), (value) => {
      const sent: unknown = JSON.parse(JSON.stringify(value) ?? 'null')
      const read = ChildMessage.safeParse(sent)
      const taken = read.success && read.data.type === 'outcome' ? read.data.outcome : null
      expect(taken === null || isWithinLimits(taken)).toBe(true)
    })
    fc.assert(property, { seed: SEED, numRuns: 1_500 })
  })
})

describe('a child that says anything', () => {
  // Says its first words at once, its last ones, if it has any, when it has been given a batch; then it ends, since one that stays silent is waited for.
  const SCRIPTED = `
const { readSync, writeSync } = require('node:fs')
const say = (words) => { for (let said = 0; said < words.length;) said += writeSync(3, words, said) }
const [first, last] = process.argv.slice(1, 3).map((words) => Buffer.from(words, 'base64'))
say(first)
const heard = Buffer.alloc(65536)
for (let length = 0; last.length > 0 && !heard.includes('the batch');) length += readSync(3, heard, length, heard.length - length, null) || process.exit()
say(last)`
  const batch = {
    source: '# the batch',
    calls: [{ arguments: '{}' }, { arguments: '{}' }],
    timeoutMs: 20_000,
    resetEachCall: false,
    reportsEachCall: true,
  }

  const start = (first: Buffer, last: Buffer) => {
    const program = [process.execPath, '--eval', SCRIPTED, ...[first, last].map((words) => words.toString('base64'))]
    return startChild({ ...NOTHING, layers: { ...ALL_LAYERS, permission: false }, prefix: program, image: null }, 20_000)
  }

  test('instead of being ready is an error of the start', async () => {
    const property = fc.asyncProperty(fc.oneof(anyBytes, mutatedBytes), async (words) => {
      const told = await start(words, Buffer.alloc(0)).then(
        (child) => child.exited.then(() => 'ready'),
        (error: unknown) => String(error),
      )
      // By chance it may have said that it is.
      expect(told === 'ready' ? words.includes('"ready"') : told.startsWith('Error: a sandbox child did not start: ')).toBe(true)
    })
    await fc.assert(property, { seed: SEED, numRuns: 40 })
  })

  test('instead of outcomes ends its batch, with no more of them than calls', async () => {
    const property = fc.asyncProperty(
      fc.oneof({ arbitrary: anyBytes, weight: 1 }, { arbitrary: mutatedBytes, weight: 4 }),
      async (words) => {
        const child = await start(encodeFrame({ type: 'ready' }), words)
        const outcomes: Outcome[] = []
        const ending = await child.run(batch, performance.now() + 60_000, (one) => outcomes.push(one))
        expect(outcomes.length).toBeLessThanOrEqual(batch.calls.length)
        for (const one of outcomes) expect(Outcome.parse(one)).toEqual(one)
        expect(ending.how !== 'done' || outcomes.length === batch.calls.length).toBe(true)
        expect(['done', 'recycled', 'died']).toContain(ending.how)
        child.kill('the test is over')
        expect(await child.exited).toBeTypeOf('string')
        expect(child.isAlive()).toBe(false)
      },
    )
    await fc.assert(property, { seed: SEED, numRuns: 80 })
  })

  test('or nothing at all is given up', async () => {
    const plan = {
      ...NOTHING,
      layers: { ...ALL_LAYERS, permission: false },
      prefix: [process.execPath, '--eval', 'setInterval(Object, 1000)'],
      image: null,
    }
    await expect(startChild(plan, 200)).rejects.toThrow('it was not ready after 200 ms')
  })

  test('without end is cut off', async () => {
    const flood = `const { writeSync } = require('node:fs'); for (;;) writeSync(3, Buffer.from([255, 255, 255, 0, ...Array(10000).fill(0)]))`
    const plan = { ...NOTHING, layers: { ...ALL_LAYERS, permission: false }, prefix: [process.execPath, '--eval', flood], image: null }
    await expect(startChild(plan, 20_000)).rejects.toThrow('a frame of 16777215 bytes; at most 4194304 are taken')
  })
})

describe('a child that is told anything', () => {
  let image: Image
  beforeAll(async () => {
    image = await openImage(IMAGE_FOLDER, NOTHING.boot)
  })
  afterAll(() => image.close())

  const asked: object = {
    source: 'def solve(x): return x',
    calls: [{ arguments: '{"x": "right"}' }],
    timeoutMs: 2_000,
    resetEachCall: false,
  }

  test('ends when its channel does, whatever came over it before', async () => {
    const body = fc.oneof(
      anyBytes,
      fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value) ?? '')),
      fc.tuple(fc.constant(asked), anyText, fc.jsonValue()).map((parts) => Buffer.from(JSON.stringify(withMember(parts)))),
    )
    const words = fc.oneof(
      anyBytes,
      body.map((bytes) => Buffer.concat([header(bytes.length), bytes])),
      // Announces more than ever comes.
      fc
        .tuple(body, fc.nat({ max: 0xff_ff_ff_ff }))
        .map(([bytes, more]) => Buffer.concat([header(Math.min(bytes.length + more, 0xff_ff_ff_ff)), bytes])),
    )
    const property = fc.asyncProperty(words, async (bytes) => {
      const { started, greeting } = spawnChild({ ...NOTHING, prefix: [], image })
      const closed = once(started, 'close')
      const channel = duplex(started.stdio[CHANNEL])
      channel.on('error', () => undefined)
      channel.resume()
      channel.write(greeting)
      channel.end(bytes)
      const [code] = await closed
      expect(code).toBeOneOf([0, 1])
    })
    await fc.assert(property, { seed: SEED, numRuns: 12 })
  })
})

/** All that a child is started with. What its settings leave out is off. */
const settings: SpawnPlan['settings'] = JSON.parse(
  '{ "heapBytes": 134217728, "outputBytes": 65536, "fileBytes": 65536, "clockOffsetMs": 0 }',
)
const NOTHING = { layers: ALL_LAYERS, boot: { hashSeed: 1, hideModules: true, wheels: [] }, settings }

interface Decoded {
  bodies: Buffer[]
  error: string | null
}

function decodedIn(chunks: readonly Buffer[]): Decoded {
  const decode = frameDecoder(MAX_BODY_BYTES)
  const bodies: Buffer[] = []
  try {
    for (const chunk of chunks) bodies.push(...decode(chunk))
  } catch (error) {
    return { bodies, error: String(error) }
  }
  return { bodies, error: null }
}

/** The same by the format's definition. */
function decodedAt(bytes: Buffer, at: number): Decoded {
  if (bytes.length < at + HEADER_BYTES) return { bodies: [], error: null }
  const length = bytes.readUInt32LE(at)
  const end = at + HEADER_BYTES + length
  if (length > MAX_BODY_BYTES) return { bodies: [], error: `Error: a frame of ${length} bytes; at most ${MAX_BODY_BYTES} are taken` }
  if (bytes.length < end) return { bodies: [], error: null }
  const { bodies, error } = decodedAt(bytes, end)
  return { bodies: [bytes.subarray(at + HEADER_BYTES, end), ...bodies], error }
}

function isWithinLimits(taken: Outcome): boolean {
  if (!isDeepStrictEqual(Outcome.parse(taken), taken)) return false
  if (taken.status === 'ok' && taken.result !== null && taken.result.length > 65_536) return false
  return !('arguments' in taken) || taken.arguments === null || typeof JSON.parse(taken.arguments) === 'object'
}

function duplex(stream: unknown): Duplex {
  if (!(stream instanceof Duplex)) throw new Error('a child without a channel')
  return stream
}

function chunked(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

function withMember([whole, name, value]: [object, string, unknown]): object {
  const names = Object.keys(whole)
  return { ...whole, [names[name.length % names.length] ?? name]: value, [name]: value }
}

function header(length: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes.writeUInt32LE(length)
  return bytes
}
