import { expect, test } from 'vitest'
import { isRedisFull, onceNotFull } from './redis-full.ts'

const OOM = new Error("OOM command not allowed when used memory > 'maxmemory'.")

test('tells a full Redis, in a transaction too, from all else', () => {
  const transaction = Object.assign(new Error('EXECABORT Transaction discarded because of previous errors.'), { previousErrors: [OOM] })
  expect([OOM, transaction].map(isRedisFull)).toEqual([true, true])
  const other = Object.assign(new Error('EXECABORT Transaction discarded because of previous errors.'), {
    previousErrors: [new Error('WRONGTYPE')],
  })
  expect([other, new Error('NOPERM'), 'OOM command', null].map(isRedisFull)).toEqual([false, false, false, false])
})

test('does work again until there is room, and hands on what else goes wrong', async () => {
  let tries = 0
  const work = async () => {
    if (++tries < 2) throw OOM
    return 'done'
  }
  expect(await onceNotFull(work)).toBe('done')
  expect(tries).toBe(2)
  await expect(onceNotFull(() => Promise.reject(new Error('WRONGTYPE')))).rejects.toThrow('WRONGTYPE')
})

test('waits no longer than its signal', async () => {
  const stop = new AbortController()
  const waiting = onceNotFull(() => Promise.reject(OOM), stop.signal)
  stop.abort()
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
})
