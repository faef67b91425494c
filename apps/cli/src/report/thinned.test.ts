import { expect, test } from 'vitest'
import { thinnedCounts, thinnedCurve } from './thinned.ts'

test.each([0, 1, 5, 20, 21, 1_000, 100_000])('a curve of %d points keeps its ends, its order and little else', (count) => {
  const curve = thinnedCurve(10)
  for (let x = 0; x < count; x++) curve.add(x, x * 2)
  const points = curve.points()
  expect(points.length).toBeLessThanOrEqual(21)
  expect(points.length).toBeGreaterThanOrEqual(Math.min(count, 10))
  expect(points[0]).toEqual(count === 0 ? undefined : [0, 0])
  expect(points.at(-1)).toEqual(count === 0 ? undefined : [count - 1, (count - 1) * 2])
  expect(points.every(([x, y], at) => y === x * 2 && (at === 0 || x > points[at - 1]![0]))).toBe(true)
})

test.each([0, 1, 7, 8, 9, 1_000, 12_345])('of a stream of %d names every one is counted once, where it came', (count) => {
  const counts = thinnedCounts(['early', 'late'], 4)
  for (let at = 0; at < count; at++) counts.add(at < count / 2 ? 'early' : 'late')
  const shares = counts.shares()
  expect(shares.length).toBeLessThanOrEqual(8)
  expect(shares.map(({ from, to, counts: { early, late } }) => early + late - (to - from))).toEqual(shares.map(() => 0))
  expect(shares.map(({ from }) => from)).toEqual([0, ...shares.map(({ to }) => to)].slice(0, shares.length))
  expect(shares.at(-1)?.to).toBe(count === 0 ? undefined : count)
  expect(shares.reduce((sum, share) => sum + share.counts.early, 0)).toBe(Math.ceil(count / 2))
  expect(shares.filter(({ to }) => to <= count / 2).every((share) => share.counts.late === 0)).toBe(true)
})
