import { z } from 'zod'
import { Outcome } from './outcome.ts'

const MAX_RESULT_BYTES = 64 * 1024
const MAX_ARGUMENTS_DEPTH = 32

/**
 * What a child says, checked as if a tool had written it: had one broken out, these are the bytes that it would send.
 * Lengths are limited by the frame already; here shapes, sizes and the depth of what is handed on as JSON text.
 */
export const ChildMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('failed'), message: z.string() }),
  z.object({ type: z.literal('compiled') }),
  z.object({ type: z.literal('outcome'), outcome: Outcome.refine(isWithinLimits, 'an outcome beyond its limits') }),
  z.object({ type: z.literal('done'), recycle: z.string().nullable() }),
])
export type ChildMessage = z.infer<typeof ChildMessage>

function isWithinLimits(outcome: Outcome): boolean {
  if (outcome.status === 'ok' && outcome.result !== null && outcome.result.length > MAX_RESULT_BYTES) return false
  if (outcome.status !== 'ok' && outcome.status !== 'raised') return true
  return outcome.arguments === null || isPlainObject(outcome.arguments)
}

function isPlainObject(json: string): boolean {
  if (json.length > MAX_RESULT_BYTES || !json.startsWith('{')) return false
  try {
    const value: unknown = JSON.parse(json)
    return opensIn(json) <= MAX_ARGUMENTS_DEPTH || depthOf(value, 0) <= MAX_ARGUMENTS_DEPTH
  } catch {
    // Not JSON (NaN included): the very thing that is asked here.
    return false
  }
}

/** At most so deep is it nested: brackets in texts count too. */
function opensIn(json: string): number {
  let opens = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === OBJECT || code === LIST) opens++
  }
  return opens
}

const [OBJECT, LIST] = [0x7b, 0x5b]

function depthOf(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null || depth > MAX_ARGUMENTS_DEPTH) return depth
  let deepest = depth + 1
  for (const member of Object.values(value)) deepest = Math.max(deepest, depthOf(member, depth + 1))
  return deepest
}
