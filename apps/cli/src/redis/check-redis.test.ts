import { expect, test } from 'vitest'
import { checkRedis } from './check-redis.ts'

test('a Redis that is away is told with its address and without its password', async () => {
  const failure = checkRedis('redis://:secret@127.0.0.1:1', { persistence: 'needed' })
  await expect(failure).rejects.toThrow(/redis:\/\/:\*\*\*@127\.0\.0\.1:1.*ECONNREFUSED/)
  await expect(failure).rejects.toMatchObject({ exitCode: 6 })
})
