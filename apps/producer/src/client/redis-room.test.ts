import { expect, test } from 'vitest'
import { readMemory, watchRoom } from './redis-room.ts'

function openWatch(usedOf: () => number[], maxBytes = 1_000) {
  let at = 0
  const said: string[] = []
  let asked = 0
  let bytesRead = 0
  const room = watchRoom({
    memory: async () => {
      asked++
      return usedOf().map((usedBytes) => ({ usedBytes, maxBytes }))
    },
    bytesRead: () => bytesRead,
    say: (line) => said.push(line),
    now: () => at,
  })
  return { room, said, pass: (ms: number) => (at += ms), read: (bytes: number) => (bytesRead += bytes), asked: () => asked }
}

test('there is room below 70 % of maxmemory, on every server', async () => {
  let used = [100, 699]
  const { room, pass } = openWatch(() => used)
  expect(await room.isLeft()).toBe(true)
  used = [100, 700]
  pass(1_000)
  expect(await room.isLeft()).toBe(false)
  used = [100, 650]
  pass(1_000)
  expect(await room.isLeft()).toBe(true)
})

test('asks once a second, and says what it waits for after five', async () => {
  const { room, said, pass, asked } = openWatch(() => [900])
  for (let ms = 0; ms <= 4_900; ms += 100) {
    expect(await room.isLeft()).toBe(false)
    pass(100)
  }
  expect(asked()).toBe(5)
  expect(said).toEqual([])
  pass(100)
  await room.isLeft()
  expect(said).toEqual([
    expect.stringMatching(/^waiting for room in Redis: 90 % of its 0\.0 MB \(maxmemory\) are in use\. The run reads on below 70 %/),
  ])
})

test('a Redis without maxmemory has always room', async () => {
  const { room } = openWatch(() => [10 ** 12], 0)
  expect(await room.isLeft()).toBe(true)
})

test('reads what INFO says', () => {
  const info = '# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\nmaxmemory:2097152\r\nmaxmemory_human:2.00M\r\n'
  expect(readMemory(info)).toEqual({ usedBytes: 1_048_576, maxBytes: 2_097_152 })
})

test('asks before what has been read since may have filled it', async () => {
  let used = 200
  const { room, read, asked } = openWatch(() => [used])
  expect(await room.isLeft()).toBe(true)
  read(120)
  expect([await room.isLeft(), asked()]).toEqual([true, 1])
  used = 690
  read(10)
  expect([await room.isLeft(), asked()]).toEqual([true, 2])
  used = 720
  expect([await room.isLeft(), asked()]).toEqual([true, 2])
  read(5)
  expect([await room.isLeft(), asked()]).toEqual([false, 3])
  // Nothing is read meanwhile: once a second is enough.
  expect([await room.isLeft(), asked()]).toEqual([false, 3])
})

test('does again what a full Redis has not taken, and nothing else', async () => {
  const { room } = openWatch(() => [100])
  const never = new AbortController().signal
  const full = new Error("OOM command not allowed when used memory > 'maxmemory'.")
  const failures = [full, Object.assign(new Error('EXECABORT Transaction discarded'), { previousErrors: [full] })]
  await room.whenLeft(async () => {
    const failure = failures.pop()
    if (failure !== undefined) throw failure
  }, never)
  expect(failures).toEqual([])
  await expect(room.whenLeft(() => Promise.reject(new Error('WRONGTYPE')), never)).rejects.toThrow('WRONGTYPE')
  await expect(room.whenLeft(() => Promise.reject(full), AbortSignal.abort())).rejects.toThrow('OOM')
})
