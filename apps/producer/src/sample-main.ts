import { keyPrefixes, connectRedis } from '@toolwright/queues'
import { openKindIndex, openRegistry } from '@toolwright/registry'
import { z } from 'zod'
import { openInput } from './client/open-input.ts'
import { UsageError } from './client/usage-error.ts'
import { readEnvironment } from './env.ts'
import { sampleInput } from './sample-input.ts'

/** Looks at an input for `./toolwright estimate`: `sample-main.ts <Asked as JSON>` writes an InputSample as JSON to stdout. Exit codes: 0, 2 the input cannot be read. */
const Asked = z.object({ input: z.string(), wanted: z.int().positive() })

const { input: path, wanted } = Asked.parse(JSON.parse(process.argv[2] ?? 'null'))
const environment = readEnvironment()
const redis = connectRedis(environment.redisUrl, { patient: false, name: 'toolwright-estimate' })
try {
  const registry = openRegistry({ redis, keyPrefix: keyPrefixes(environment.prefix, environment.space).registry })
  const input = await openInput(path, process.stdin, new AbortController().signal)
  try {
    const sample = await sampleInput({ registry, index: openKindIndex(registry.kinds) }, input.chunks, { wanted, draw: drawing() })
    process.stdout.write(JSON.stringify(sample))
  } finally {
    await input.close()
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`toolwright: ${error.message}\n`)
  process.exitCode = 2
} finally {
  redis.disconnect()
}

/** The same numbers at every start (mulberry32), so that the same input gives the same estimate. */
function drawing(): () => number {
  let state = 0x9e3779b9
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
