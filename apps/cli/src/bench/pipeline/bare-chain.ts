import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A chain of three queues with a process each and one job for each request: what a pipeline costs that does nothing. */
export interface BareChain {
  /** Sends requests through, thousands at a time, and returns how long that took until the last came out, in milliseconds. */
  flood(texts: readonly string[]): Promise<number>
  /** Sends one request through an idle chain. In milliseconds. */
  single(text: string): Promise<number>
  /** Adds requests that nobody takes up, to a queue of its own, and returns how many bytes of Redis each takes. */
  bytesPerWaiting(texts: readonly string[]): Promise<number>
  pids: { name: string; pid: number }[]
  close(): Promise<void>
}

const QUEUES = ['bare-1', 'bare-2', 'bare-3']
const BULK = 1_000

export async function openBareChain(redisUrl: string, prefix: string): Promise<BareChain> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null, socketTimeout: 15_000 })
  const first = new Queue(QUEUES[0]!, { connection: redis, prefix })
  const children: ChildProcess[] = []
  for (const [at, from] of QUEUES.entries()) {
    const to = QUEUES[at + 1]
    const child = fork(join(import.meta.dirname, 'bare-chain-main.ts'), [redisUrl, prefix, from, ...(to === undefined ? [] : [to])])
    children.push(child)
    await once(child, 'message')
  }
  const last = children.at(-1)!
  let seq = 0
  const jobsOf = (texts: readonly string[]) =>
    texts.map((text) => {
      const own = seq++
      return { name: 'request', data: { seq: own, text }, opts: { jobId: `r-${own}`, removeOnComplete: true } }
    })
  const send = async (texts: readonly string[]) => {
    let left = texts.length
    const { promise: done, resolve } = Promise.withResolvers<void>()
    const onMessage = (ended: unknown) => {
      if (Array.isArray(ended) && (left -= ended.length) <= 0) resolve()
    }
    last.on('message', onMessage)
    const startedAt = performance.now()
    for (let start = 0; start < texts.length; start += BULK) await first.addBulk(jobsOf(texts.slice(start, start + BULK)))
    await done
    last.off('message', onMessage)
    return performance.now() - startedAt
  }

  return {
    flood: send,
    single: (text) => send([text]),
    bytesPerWaiting: async (texts) => {
      const waiting = new Queue('bare-waiting', { connection: redis, prefix })
      const before = await usedMemory(redis)
      for (let start = 0; start < texts.length; start += BULK) await waiting.addBulk(jobsOf(texts.slice(start, start + BULK)))
      const bytes = (await usedMemory(redis)) - before
      await waiting.obliterate({ force: true })
      await waiting.close()
      return bytes / texts.length
    },
    pids: children.map((child, at) => ({ name: QUEUES[at]!, pid: child.pid ?? 0 })),
    close: async () => {
      await Promise.all(
        children.map(async (child) => {
          const exited = once(child, 'exit')
          child.disconnect()
          await exited
        }),
      )
      await first.close()
      redis.disconnect()
    },
  }
}

/** Bytes that Redis has in use. */
export async function usedMemory(redis: { info(): Promise<string> }): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info())?.[1])
}
