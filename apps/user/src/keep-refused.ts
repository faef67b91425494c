import { sameAnswer, sampleAnswer } from '@toolwright/answering'
import type { Example, KindId, Line } from '@toolwright/contracts'
import { addMake, type JobContext, LaterError } from '@toolwright/queues'
import { ModelError } from '@toolwright/llm'
import { REFUSED_FOR_MAKE } from '@toolwright/registry'
import type { Services } from './services.ts'

/**
 * Keeps lines that a version's `extract` refused as examples, where their answer can be trusted: a given target, or the answer that they got, the tool's or the strong
 * model's, when the strong model gives the same once more, which a few are asked for. Enough of them start a new make. Nothing here holds a line up: where the strong model cannot be asked now, there is no example.
 */
export async function keepRefused(
  services: Services,
  refusedBy: { run: string; kind: KindId; version: number },
  answered: { line: Line; answer: string }[],
  context: JobContext,
): Promise<void> {
  const { registry, queues, payer } = services
  const { run, kind: id, version } = refusedBy
  const kind = await registry.kinds.get(id)
  if (kind === null || kind.version !== version || kind.cooldownUntil > Date.now()) return
  let refused = 0
  for (const { line, answer } of answered) {
    if (refused >= REFUSED_FOR_MAKE) break
    const example: Example = { v: 1, text: line.text, answer, source: 'agreed', votes: 2, refusedBy: version, run, at: Date.now() }
    if (line.target !== undefined) {
      ;({ refused } = await registry.tools.addExamples(id, [{ ...example, answer: line.target, source: 'given', votes: 1 }]))
      continue
    }
    const turn = await registry.tools.takeLabelTurn(id)
    refused = turn.refused
    if (!turn.isTaken) continue
    try {
      const frame = line.frame === '' ? null : await registry.runs.frame(run, line.frame)
      const label = await sampleAnswer(payer, { run, kind: id }, line, frame, 1, context.signal)
      if (label.finish !== 'stop' || !sameAnswer(label.text, answer)) continue
    } catch (error) {
      await registry.tools.giveBackLabelTurn(id)
      if (error instanceof LaterError || error instanceof ModelError) break
      throw error
    }
    ;({ refused } = await registry.tools.addExamples(id, [example]))
  }
  if (refused >= REFUSED_FOR_MAKE) {
    await addMake(queues, run, id, kind.generation)
  }
}
