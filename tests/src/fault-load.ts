import { familyNamed, generateStream } from '@toolwright/families'
import type { LedgerEntry } from '@toolwright/contracts'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { expect } from 'vitest'
import { leftInRedis, SHARED_QUEUES } from './kept-keys.ts'
import type { Pipeline, RunEnd, StartedRun } from './pipeline.ts'
import { seqsOf, until } from './pipeline.ts'
import { served } from './served.ts'

/** What faults are thrown into: lines that a tool answers, and among them lines that are one call of the strong model each. */
export interface Load {
  lines: object[]
  direct: number
  /** Lines that the endpoint refuses for good. */
  refused: number
}

export const FAMILY = 'unit-conversion'

/** The lines for the strong model, refused ones last, are spread evenly among the others. */
export function loadOf(extracted: number, direct: number, refused = 0): Load {
  const count = extracted + direct + refused
  const every = Math.max(1, Math.floor(count / Math.max(1, direct + refused)))
  const texts = [...generateStream({ families: [familyNamed(FAMILY)!], count: 2 * count, seed: 11, mix: false, typoShare: 0 })]
    .slice(0, count)
    .map(({ text }) => text)
  let left = direct + refused
  const lines = texts.map((text, at) => {
    if (left === 0 || at % every !== 0) return { input: text, kind: FAMILY }
    left--
    const body = { model: 'any', temperature: 1.5, messages: [{ role: 'user', content: text }] }
    // An endpoint takes four of them at most.
    return { method: 'POST', url: '/v1/chat/completions', body: left < refused ? { ...body, stop: ['1.', '2.', '3.', '4.', '5.'] } : body }
  })
  return { lines, direct, refused }
}

/** Makes the tool that the load's lines are answered by, or another; `known`: how many there are. */
export async function makeTool(
  pipeline: Pipeline,
  { family = FAMILY, known = 0, environment = {} }: { family?: string; known?: number; environment?: Record<string, string> } = {},
): Promise<void> {
  const { code, talk } = await beginLabelled(pipeline, family, environment).ended
  expect(code, `${talk}\n${pipeline.log()}`).toBe(0)
  expect(await pipeline.publishedVersions()).toHaveProperty('size', known + 1)
}

/** A run with enough examples for a tool, which is made at once. */
export function beginLabelled(pipeline: Pipeline, family: string, environment: Record<string, string> = {}): StartedRun {
  const stream = [...generateStream({ families: [familyNamed(family)!], count: 48, seed: 11, mix: false, typoShare: 0 })].slice(0, 24)
  const lines = stream.map(({ text, target }) => ({ input: text, kind: family, target }))
  return pipeline.begin(lines, { settings: { make: 'eager' }, environment })
}

/** Answers of the strong model that were served, or are on the way, since a test looked first. */
export interface Calls {
  served(): Promise<number>
  /** How many have no end yet. */
  underWay(): Promise<number>
  /** Served, and not in the run's ledger: each was lost on its way to whoever had asked, or is still on it. */
  unbooked(run: string): Promise<number>
  /** What a fault at this moment can hit: calls that have no end yet, and those that are served and not in the run's ledger. */
  exposed(run: string): Promise<number>
  /** Whether as many have been served as there are lines for the strong model. */
  isOver(): Promise<boolean>
}

export async function watchCalls(pipeline: Pipeline, { direct }: Pick<Load, 'direct'>): Promise<Calls> {
  const look = async () => {
    const now = await served(pipeline)
    return { replies: now.replies('strong', 'answer'), underWay: now.underWay('strong', 'answer') }
  }
  const { replies: before } = await look()
  // Booked first: what is served meanwhile counts as not booked yet.
  const booked = async (run: string) => (await answersBooked(pipeline, run)).length
  return {
    served: async () => (await look()).replies - before,
    underWay: async () => (await look()).underWay,
    unbooked: async (run) => {
      const inLedger = await booked(run)
      return (await look()).replies - before - inLedger
    },
    exposed: async (run) => {
      const inLedger = await booked(run)
      const { replies, underWay } = await look()
      return replies - before - inLedger + underWay
    },
    isOver: async () => (await look()).replies - before >= direct,
  }
}

/**
 * Stops the tool users for as long as `strike` takes, so that nothing moves between the count and the fault. Returns when that was (as
 * `performance.now()` has it), and how many calls it can have hit. (One that was reserved and not sent by then is not among them: it is made after the
 * fault, as any other that begins then, and no fault here ends its process.)
 */
export async function strikeAt(
  pipeline: Pipeline,
  run: string,
  calls: Calls,
  strike: () => Promise<void> | void,
): Promise<{ hit: number; at: number }> {
  // A fault that meets no call shows less.
  await until('calls are on the way', async () => (await calls.underWay()) > 0 || (await calls.isOver()))
  const users = pipeline.processes('user')
  for (const user of users) user.kill('SIGSTOP')
  try {
    const hit = await calls.exposed(run)
    const at = performance.now()
    await strike()
    return { hit, at }
  } finally {
    for (const user of users) user.kill('SIGCONT')
  }
}

/**
 * kill -9 of the oldest tool user, the only one at work, and another in its place. Returns how many replies are lost by then: they were served, nobody
 * is left to book them, and so another has to ask again. A call that had no reply yet is cut off, and not paid for.
 */
export async function replaceUser(pipeline: Pipeline, run: string, calls: Calls): Promise<number> {
  const [victim] = pipeline.processes('user')
  await pipeline.kill(victim!)
  await until('the simulator sees its caller gone', async () => (await calls.underWay()) === 0, 30_000)
  const lost = await calls.unbooked(run)
  pipeline.start('user')
  return lost
}

/**
 * The history of a run, whatever happened to it: every request has one result, and none failed but those that the endpoint refuses, which are kept as
 * dead letters; each call is in the ledger once, and the model has answered no more of them than `mayBeTwice` a second time; no key is left but what is to
 * be kept.
 */
export async function expectHistory(
  pipeline: Pipeline,
  { load, started, end, calls, mayBeTwice }: { load: Load; started: StartedRun; end: RunEnd; calls: Calls; mayBeTwice: number },
): Promise<void> {
  expect(seqsOf(end.results)).toEqual(load.lines.map((_, at) => at))
  const failed = end.results.filter(({ response }) => response?.status_code !== 200)
  expect(failed.filter(({ response }) => response?.status_code !== 400)).toEqual([])
  expect(failed).toHaveLength(load.refused)
  expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(load.refused === 0 ? 0 : 3)
  expect(await pipeline.registry.failures.count(started.run)).toBe(load.refused)
  for (const line of readFileSync(started.output, 'utf8').trimEnd().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow()

  const booked = await answersBooked(pipeline, started.run)
  expect(booked.filter(({ purpose }) => purpose === 'answer')).toHaveLength(load.direct)
  const twice = (await calls.served()) - booked.length
  expect(twice).toBeGreaterThanOrEqual(0)
  expect(twice, 'calls that were paid for twice').toBeLessThanOrEqual(mayBeTwice)

  await expectNothingLeft(pipeline)
}

/** Once no job is left, no key is but what is to be kept. What a dead worker's lock leaves runs out by itself. */
export async function expectNothingLeft(pipeline: Pipeline): Promise<void> {
  for (const queue of SHARED_QUEUES) {
    await until(`nothing is left in ${queue}`, async () => {
      const { waiting, active, delayed, waitingChildren, failed } = await pipeline.queues.depth(queue)
      return waiting + active + delayed + waitingChildren + failed === 0
    })
  }
  let unexpected: string[] = []
  await until(
    'no key is left',
    async () => {
      ;({ unexpected } = await leftInRedis(pipeline))
      return unexpected.length === 0
    },
    15_000,
  ).catch(() => expect(unexpected).toEqual([]))
}

/** Of what the strong model answers. A second answer to a line whose kind has examples to gather is a label. */
async function answersBooked(pipeline: Pipeline, run: string): Promise<LedgerEntry[]> {
  return (await pipeline.ledger(run)).filter(({ purpose }) => purpose === 'answer' || purpose === 'label')
}

/** Says how long the work took to go on after each fault, and how many calls were hit in all. */
export function told(what: string, recoveries: number[], goesOn = 'writing again', hit?: number): void {
  const sorted = recoveries.toSorted((a, b) => a - b)
  console.info(`${what}: ${goesOn} after ${sorted.map((ms) => `${ms} ms`).join(', ')}${hit === undefined ? '' : `; calls hit: ${hit}`}`)
}

/** Waits until the run has written a result after now, or has ended. Returns how long that took, in milliseconds. */
export async function untilWriting(started: StartedRun, timeoutMs = 60_000): Promise<number> {
  const from = performance.now()
  const before = sizeOf(started.output)
  await until('the run writes again', () => sizeOf(started.output) > before || started.process.exitCode !== null, timeoutMs)
  return Math.round(performance.now() - from)
}

/** Waits until the run has written this many lines, or has ended. */
export async function untilWritten(started: StartedRun, lines: number): Promise<void> {
  await until(`${lines} results are written`, () => countOf(started.output) >= lines || started.process.exitCode !== null)
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function countOf(path: string): number {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0
}
