import { familyNamed, generateStream } from '@toolwright/families'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { expect } from 'vitest'
import type { Pipeline, RunEnd, StartedRun } from './pipeline.ts'
import { seqsOf, until } from './pipeline.ts'
import { served } from './served.ts'

/** What faults are thrown into: lines that a tool answers, and among them lines that are one call of the strong model each. */
export interface Load {
  lines: object[]
  direct: number
}

export const FAMILY = 'unit-conversion'
/** Calls that one tool user has on the way at most, as these tests start it: jobs of `direct` times lines in each. */
export const CALLS_AT_ONCE = 2 * 8

export function loadOf(extracted: number, direct: number): Load {
  const every = Math.max(1, Math.floor((extracted + direct) / Math.max(1, direct)))
  const texts = [
    ...generateStream({ families: [familyNamed(FAMILY)!], count: 2 * (extracted + direct), seed: 11, mix: false, typoShare: 0 }),
  ]
    .slice(0, extracted + direct)
    .map(({ text }) => text)
  let left = direct
  const lines = texts.map((text, at) => {
    if (left === 0 || at % every !== 0) return { input: text, kind: FAMILY }
    left--
    return {
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model: 'any', temperature: 1.5, messages: [{ role: 'user', content: text }] },
    }
  })
  return { lines, direct: direct - left }
}

/** Makes the tool that the load's lines are answered by. */
export async function makeTool(pipeline: Pipeline): Promise<void> {
  const stream = [...generateStream({ families: [familyNamed(FAMILY)!], count: 48, seed: 11, mix: false, typoShare: 0 })].slice(0, 24)
  const lines = stream.map(({ text, target }) => ({ input: text, kind: FAMILY, target }))
  const { code, talk } = await pipeline.run(lines, { settings: { make: 'eager' } })
  expect(code, `${talk}\n${pipeline.log()}`).toBe(0)
  expect(await pipeline.publishedVersions()).toHaveProperty('size', 1)
}

/** Replies of the strong model so far. */
export async function answersServed(pipeline: Pipeline): Promise<number> {
  return (await served(pipeline)).replies('strong', 'answer')
}

/**
 * The history of a run, whatever happened to it: every request has one result and none failed; each call is in the ledger once, and the model has answered no more of
 * them than `mayBeTwice` a second time; nothing is left in any queue, and nothing of the run's own.
 */
export async function expectHistory(
  pipeline: Pipeline,
  {
    load,
    started,
    end,
    servedBefore,
    mayBeTwice,
  }: { load: Load; started: StartedRun; end: RunEnd; servedBefore: number; mayBeTwice: number },
): Promise<void> {
  expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(0)
  expect(seqsOf(end.results)).toEqual(load.lines.map((_, at) => at))
  expect(end.results.filter((result) => result.response?.status_code !== 200)).toEqual([])
  for (const line of readFileSync(started.output, 'utf8').trimEnd().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow()

  const entries = (await pipeline.ledger(started.run)).filter(({ purpose }) => purpose === 'answer')
  expect(entries.filter(({ bucket }) => bucket === 'results')).toHaveLength(load.direct)
  const replies = (await answersServed(pipeline)) - servedBefore
  expect(replies).toBeGreaterThanOrEqual(load.direct)
  expect(replies - load.direct, 'calls that were paid for twice').toBeLessThanOrEqual(mayBeTwice)

  for (const queue of ['requests', 'user', 'direct', 'maker', 'execution'] as const) {
    await until(`nothing is left in ${queue}`, async () => {
      const { waiting, active, delayed, waitingChildren, failed } = await pipeline.queues.depth(queue)
      return waiting + active + delayed + waitingChildren + failed === 0
    })
  }
  expect(await pipeline.queues.depth('results', started.run)).toMatchObject({ waiting: 0, active: 0, delayed: 0, failed: 0 })
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
