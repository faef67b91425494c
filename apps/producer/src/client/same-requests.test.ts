import type { Line } from '@toolwright/contracts'
import { expect, test } from 'vitest'
import { createSameRequests } from './same-requests.ts'

function line(seq: number, more: Partial<Line> = {}): Line {
  return { seq, customId: `line-${seq}`, text: 'Sort: b a', frame: '', hop: 0, ...more }
}

test('a request is like an earlier one only if all is the same that shapes its answer; ids and targets do not', () => {
  const same = createSameRequests()
  same.begin(line(0, { kindName: 'sorting', frame: 'f1' }))
  const is = (more: Partial<Line>) => same.look(line(1, { kindName: 'sorting', frame: 'f1', ...more })).is
  expect(is({ customId: 'another', target: 'a b' })).toBe('under-way')
  for (const other of [{ text: 'Sort: b a ' }, { frame: 'f2' }, { frame: '' }, { kindName: 'listing' }, { body: { n: 2 } }])
    expect(is(other)).toBe('none')
  expect(same.look(line(1, { frame: 'f1' })).is).toBe('none')
})

test('bodies that are sent on as they are must be the same', () => {
  const same = createSameRequests()
  same.begin(line(0, { body: { n: 2, seed: 1 } }))
  expect(same.look(line(1, { body: { n: 2, seed: 1 } }))).toEqual({ is: 'under-way', first: 0 })
  expect(same.look(line(1, { body: { n: 2, seed: 2 } }))).toEqual({ is: 'none' })
})

test('knows where an answer stands, and has the next one go first where there is none', () => {
  const same = createSameRequests()
  same.begin(line(3))
  expect(same.look(line(4))).toEqual({ is: 'under-way', first: 3 })
  same.end(3, null)
  expect(same.look(line(4))).toEqual({ is: 'none' })
  same.begin(line(4))
  same.begin(line(5))
  expect(same.look(line(6))).toEqual({ is: 'under-way', first: 4 })
  same.end(4, 640)
  expect(same.look(line(6))).toEqual({ is: 'answered', place: 10 })
})

test('finds answers of which it hears before it meets their requests, until no such request can come', () => {
  const same = createSameRequests()
  same.end(20_000, 64)
  same.end(1, null)
  same.begin(line(1))
  expect(same.look(line(9)).is).toBe('none')
  same.begin(line(20_000))
  expect(same.look(line(9))).toEqual({ is: 'answered', place: 1 })
  same.end(7, 128)
  same.forgetFound()
  same.begin(line(7, { text: 'other' }))
  expect(same.look(line(9, { text: 'other' })).is).toBe('under-way')
})

test('takes at most 16 bytes for each of 200,000 requests', () => {
  const same = createSameRequests()
  for (let seq = 0; seq < 200_000; seq++) {
    same.begin(line(seq, { text: `request ${seq}` }))
    same.end(seq, seq * 500)
  }
  expect(same.byteLength / 200_000).toBeLessThan(16)
  expect(same.look(line(1, { text: 'request 100000' }))).toEqual({ is: 'answered', place: 781_250 })
})
