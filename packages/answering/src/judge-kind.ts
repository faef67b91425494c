import type { KindId } from '@toolwright/contracts'
import { findJson, ModelError } from '@toolwright/llm'
import type { Neighbour } from '@toolwright/registry'
import type { Payer } from './payer.ts'
import { judgePrompt } from './prompts.ts'

const MAX_TEXTS_SHOWN = 3

/**
 * Asks the light model to which of the nearest kinds a request belongs (LATM's dispatcher, arXiv 2305.17126, section 3.2). Null: to none of them, or the reply
 * could not be read: in doubt a request joins nothing.
 */
export async function judgeKind(
  payer: Payer,
  payment: { run: string; field: string },
  neighbours: Neighbour[],
  text: string,
  signal: AbortSignal,
): Promise<KindId | null> {
  const prompt = judgePrompt(
    neighbours.map(({ texts }) => texts.slice(0, MAX_TEXTS_SHOWN)),
    text,
  )
  let reply: Awaited<ReturnType<Payer['pay']>>
  try {
    reply = await payer.pay({ ...payment, kind: null, role: 'light', purpose: 'judge', text }, prompt, signal)
  } catch (error) {
    if (error instanceof ModelError && error.kind === 'rejected') return null
    throw error
  }
  const group = readGroup(reply.text)
  return group === null ? null : (neighbours[group - 1]?.kind.id ?? null)
}

/** The number in the judge's reply; null where there is none. */
export function readGroup(reply: string): number | null {
  const value = findJson(reply)?.value
  const group: unknown = typeof value === 'object' && value !== null && 'group' in value ? value.group : reply.trim().match(/^\d+$/)?.[0]
  const number = typeof group === 'string' ? Number(group) : group
  return typeof number === 'number' && Number.isInteger(number) && number > 0 ? number : null
}
