import { expect, test } from 'vitest'
import { createReadTimes } from './read-times.ts'

test('tells how long ago a request was read, once, and nothing of one that it never saw', () => {
  let now = 100
  const times = createReadTimes(() => now)
  times.note(0)
  now = 130
  times.note(1)
  now = 150
  expect(times.take([{ seq: 0 }, { seq: 7 }])).toEqual(new Map([[0, 50]]))
  now = 200
  expect(times.take([{ seq: 0 }, { seq: 1 }])).toEqual(new Map([[1, 70]]))
})
