import { expect, test } from 'vitest'
import { Bucket, bucketOf, Cause, Purpose } from './money.ts'

test('every entry is in exactly one bucket, by what it was for, and waste is waste', () => {
  const buckets = Object.fromEntries(Purpose.options.map((purpose) => [purpose, bucketOf(purpose, 'normal')]))
  expect(buckets).toEqual({
    answer: 'results',
    call: 'results',
    judge: 'overhead',
    label: 'makes',
    propose: 'makes',
    repair: 'makes',
    verify: 'makes',
  })
  for (const purpose of Purpose.options) {
    expect(bucketOf(purpose, 'waste')).toBe('waste')
    expect(bucketOf(purpose, 'retry')).toBe(bucketOf(purpose, 'normal'))
    for (const cause of Cause.options) expect(Bucket.options).toContain(bucketOf(purpose, cause))
  }
})
