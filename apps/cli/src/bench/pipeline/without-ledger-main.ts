import { registerHooks } from 'node:module'

/**
 * Loaded before a process of ours (`node --import`), it takes the ledger out of it: calls are begun and ended, and replies kept, as ever, so that nothing is paid for twice; but nothing is
 * reserved, booked or summed, and results are not counted. Only for the bench that measures what the ledger costs: nobody should run without one.
 */
const REPLACED: Record<string, (whole: string, here: string) => string> = {
  // What is named goes before what the star brings.
  'packages/registry/src/money-scripts.ts': (whole, here) => `export * from ${whole}\nexport { BEGIN, SETTLE, ABANDON } from ${here}\n`,
  'packages/registry/src/totals.ts': (whole) => `export * from ${whole}
import { openTotals as open } from ${whole}
export const openTotals = (...given) => ({ ...open(...given), addResults: () => Promise.resolve() })
`,
}

registerHooks({
  load: (url, context, nextLoad) => {
    const replace = Object.entries(REPLACED).find(([path]) => url.endsWith(`/${path}`))?.[1]
    if (replace === undefined) return nextLoad(url, context)
    return { format: 'module', shortCircuit: true, source: replace(JSON.stringify(`${url}?whole`), JSON.stringify(import.meta.url)) }
  },
})

/** In the place of the registry's scripts of these names, with their keys and values. */
export const BEGIN = `
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if kept then return {'kept', kept} end
if redis.call('HEXISTS', KEYS[4], 'cancelled') == 1 or redis.call('HEXISTS', KEYS[4], 'haltedBy') == 1 then return {'halted', ''} end
local n = redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
redis.call('EXPIRE', KEYS[2], 86400)
return {'go', n}
`

export const SETTLE = `
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if not kept then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
redis.call('EXPIRE', KEYS[1], 86400)
redis.call('EXPIRE', KEYS[2], 86400)
return {kept, '0'}
`

export const ABANDON = `
redis.call('HINCRBY', KEYS[1], ARGV[1], -1)
return 1
`
