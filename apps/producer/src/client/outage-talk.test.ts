import { beforeEach, expect, test } from 'vitest'
import { createOutageTalk, ENDPOINT_WORDS, type OutageTalk, REDIS_WORDS } from './outage-talk.ts'

let at: number
let talk: OutageTalk
beforeEach(() => {
  at = 0
  talk = createOutageTalk(() => at, ENDPOINT_WORDS)
})

/** What is said at each of these moments, in seconds, while the endpoint refuses or answers. */
function said(refusal: string | null, ...seconds: number[]): (string | null)[] {
  return seconds.map((second) => {
    at = second * 1000
    return talk(refusal)
  })
}

test('an outage is told once, after a while, and so is its end', () => {
  const text = expect.stringContaining('waiting for a model: no connection. Nothing is lost')
  expect(said('no connection', 0, 2, 4.9, 5, 6, 100)).toEqual([null, null, null, text, null, null])
  expect(said(null, 101, 102)).toEqual(['the endpoint takes calls again', null])
})

test('holds that pass quickly are no news', () => {
  expect(said('slow down', 0, 4)).toEqual([null, null])
  expect(said(null, 4.5)).toEqual([null])
  expect(said('slow down', 5, 9)).toEqual([null, null])
})

test('an endpoint that comes and goes is told of twice a minute at most', () => {
  expect(said('away', 0, 5)[1]).not.toBeNull()
  expect(said(null, 6)).toEqual(['the endpoint takes calls again'])
  expect(said('away', 7, 13, 34)).toEqual([null, null, null])
  expect(said('away', 35)).toEqual([expect.stringContaining('away')])
})

test('a Redis that is away is named, and what becomes of the run', () => {
  talk = createOutageTalk(() => at, REDIS_WORDS)
  expect(said('redis://cache.example:6379', 0, 5)[1]).toBe(
    'waiting for Redis: redis://cache.example:6379 does not answer. Nothing is lost: the run goes on by itself when it answers, and Ctrl-C ends it',
  )
  expect(said(null, 6)).toEqual(['Redis answers again'])
})
