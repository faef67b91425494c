import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'

/**
 * One process of a bare chain: `bare-chain-main.ts REDIS_URL PREFIX FROM [TO]` takes each job of queue FROM and adds it to TO, or, without TO, tells its parent how many have come to the
 * end, and which. One job for each request, as one would write it without batches.
 */
const [url = '', prefix = '', from = '', to] = process.argv.slice(2)
const CONCURRENCY = 50

const redis = new Redis(url, { maxRetriesPerRequest: null, socketTimeout: 15_000 })
const next = to === undefined ? null : new Queue(to, { connection: redis, prefix })
let ended: number[] = []

const worker = new Worker<{ seq: number }>(
  from,
  async (job) => {
    if (next === null) {
      if (ended.length === 0) setImmediate(tell)
      ended.push(job.data.seq)
    } else await next.add('request', job.data, { jobId: `r-${job.data.seq}`, removeOnComplete: true })
  },
  { connection: redis, prefix, concurrency: CONCURRENCY, removeOnComplete: { count: 0 } },
)
worker.on('error', (error) => process.stderr.write(`${String(error)}\n`))
await worker.waitUntilReady()
process.send?.('ready')
process.once('disconnect', () => process.exit(0))

function tell(): void {
  process.send?.(ended)
  ended = []
}
