import { join } from 'node:path'
import { makeDataFolder } from '../../folders.ts'
import { openStand, type Stand } from '../../sample-stand.ts'
import type { Surroundings } from '../../verb.ts'
import { type BareChain, openBareChain } from './bare-chain.ts'
import { publishSampleKind, type SampleKind } from './sample-kinds.ts'
import type { RunFigures, Stream } from './scenarios.ts'
import { watchProcesses } from './watch-processes.ts'

/** A pipeline whose kinds have their tools from the start, in an empty Redis of its own. */
export interface BenchStand {
  stand: Stand
  /** For input and results; empty at the start. */
  folder: string
  redisPid: number
  kinds: SampleKind[]
}

export interface BenchStandStart {
  families: readonly string[]
  tier: 'extracted' | 'called'
  /** Set for every stage. */
  environment?: Record<string, string>
  /** A part of the simulator's settings. */
  settings?: object
  users?: number
  exporters?: number
}

export async function withBenchStand<T>(
  surroundings: Surroundings,
  { families, tier, environment = {}, settings = {}, users = 1, exporters = 0 }: BenchStandStart,
  signal: AbortSignal,
  work: (bench: BenchStand) => Promise<T>,
): Promise<T> {
  const folder = join(surroundings.folders.home, 'pipeline')
  makeDataFolder(folder, { isEmpty: true })
  const inherited = { ...surroundings.inherited, ...environment }
  const counts = { producer: 1, user: users, maker: 1, executor: 1, exporter: exporters }
  const stand = await openStand({ ...surroundings, inherited }, { settings: { seed: 1, ...settings }, counts, signal })
  try {
    const kinds: SampleKind[] = []
    for (const name of families) kinds.push(await publishSampleKind(stand.space, surroundings.folders.root, name, tier))
    const redisPid = Number(/^process_id:(\d+)/m.exec(await stand.space.redis.info('server'))?.[1])
    return await work({ stand, folder, redisPid, kinds })
  } finally {
    await stand.close()
  }
}

export async function withBareChain<T>(stand: Stand, work: (bare: BareChain) => Promise<T>): Promise<T> {
  const bare = await openBareChain(stand.space.url, '{toolwright:bare}')
  try {
    return await work(bare)
  } finally {
    await bare.close()
  }
}

const BARE_REQUESTS = 10_000

/** The rate of a bare chain, warm, on the first 10,000 requests of a stream. */
export async function timeBare({ stand, redisPid }: BenchStand, { texts }: Stream): Promise<RunFigures> {
  const requests = Math.min(texts.length, BARE_REQUESTS)
  return await withBareChain(stand, async (bare) => {
    await bare.flood(texts.slice(0, Math.ceil(requests / 4)))
    const watch = watchProcesses([redisPid])
    const ms = await bare.flood(texts.slice(0, requests))
    return { requests, perSecond: (1000 * requests) / ms, uses: watch.stop() }
  })
}
