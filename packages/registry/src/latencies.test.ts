import { expect, test } from 'vitest'
import { LATENCY_BOUNDS_MS, latencyField, latencyWithin, readLatencies, requestsIn } from './latencies.ts'

function bucketsOf(...ms: number[]): number[] {
  const hash: Record<string, string> = {}
  for (const one of ms) {
    const field = latencyField('direct', one)
    hash[field] = String(Number(hash[field] ?? 0) + 1)
  }
  return readLatencies(hash).direct
}

test('bounds rise, a sixth apart at most from 10 ms on', () => {
  for (const [at, bound] of LATENCY_BOUNDS_MS.entries()) {
    const next = LATENCY_BOUNDS_MS[at + 1] ?? bound + 1
    expect(next).toBeGreaterThan(bound)
    expect(bound < 10 || next / bound < 1.17).toBe(true)
  }
})

test('what a share took is never told as less, and by less than a sixth as more', () => {
  let state = 4_711
  const next = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  for (let round = 0; round < 200; round++) {
    const took = Array.from({ length: 1 + Math.floor(next() * 50) }, () => Math.exp(next() * 13) * 10)
    const sorted = took.toSorted((a, b) => a - b)
    const buckets = bucketsOf(...took)
    expect(requestsIn(buckets)).toBe(took.length)
    for (const share of [0.5, 0.95, 0.99, 1]) {
      const truth = sorted[Math.max(0, Math.ceil(took.length * share) - 1)]!
      const told = latencyWithin(buckets, share)!
      expect(told).toBeGreaterThanOrEqual(truth)
      expect(told === Infinity || told / truth < 1.17).toBe(true)
    }
  }
})

test('counts of other buckets are read into those that hold them', () => {
  expect(latencyWithin(readLatencies({ 'called:1150': '3' }).called, 1)).toBe(1_200)
})

test('nothing is told of no request, and no end of one that took longer than all bounds', () => {
  expect(latencyWithin(bucketsOf(), 0.5)).toBe(null)
  expect(latencyWithin(bucketsOf(1, 1e9), 0.5)).toBe(1)
  expect(latencyWithin(bucketsOf(1, 1e9), 0.95)).toBe(Infinity)
})
