import { addSpent, type Answered } from '@toolwright/answering'
import type { KindId, Line } from '@toolwright/contracts'
import type { KeptReply } from '@toolwright/registry'

/** The end of a line that the strong model answered, with what its reply cost added to what was spent before. `fields`: its kept replies. */
export function answeredDirectly(line: Line, kind: KindId | null, reply: KeptReply, fields: string[]): Answered {
  const { tokens, costNano, model, text, completion } = reply
  const promptTokens = tokens.uncachedInput + tokens.cacheRead + tokens.cacheWrite
  const spent = addSpent(line, { costNano, promptTokens, outputTokens: tokens.output })
  return { status: 'answered', line: spent, tier: 'direct', kind, version: null, model, answer: text, completion, fields }
}
