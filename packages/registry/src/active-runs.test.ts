import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestRegistry, type TestRegistry } from './testing.ts'

let data: TestRegistry
beforeEach(() => {
  data = openTestRegistry()
})
afterEach(() => data.close())

test('runs count while they are heard of, and no longer when they leave or fall silent', async () => {
  const { activeRuns } = data.registry
  expect(await activeRuns.beat('r-aaaaaaaaaa')).toBe(1)
  expect(await activeRuns.beat('r-bbbbbbbbbb')).toBe(2)
  expect(await activeRuns.beat('r-aaaaaaaaaa')).toBe(2)
  await activeRuns.leave('r-bbbbbbbbbb')
  expect(await activeRuns.beat('r-aaaaaaaaaa')).toBe(1)

  const key = `${data.keyPrefix}active-runs`
  await activeRuns.beat('r-bbbbbbbbbb')
  await data.redis.zincrby(key, -11_000, 'r-bbbbbbbbbb')
  expect(await activeRuns.beat('r-aaaaaaaaaa')).toBe(1)
  expect(await data.redis.pttl(key)).toBeGreaterThan(0)
})
