import { seededRandom } from '@toolwright/families'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { isRight, readResults } from '../../demo/samples.ts'
import { CommandError, EXIT } from '../../exit-codes.ts'
import type { BenchStand } from './bench-stand.ts'
import { type ProcessUses, watchProcesses } from './watch-processes.ts'
import type { SampleKind } from './sample-kinds.ts'

/** Requests in the order in which they are read, and their right answers. */
export interface Stream {
  texts: string[]
  targets: string[]
}

export interface RunFigures {
  requests: number
  /** From when the client reads its first line to when the last result is on disk. */
  perSecond: number
  uses: ProcessUses
}

const Summary = z.object({ duration_seconds: z.number() })

/** So many requests of these kinds, one of each in turn. */
export function streamOf(kinds: readonly SampleKind[], count: number, seed: string): Stream {
  const random = seededRandom('pipeline', seed)
  const samples = Array.from({ length: count }, (_, at) => kinds[at % kinds.length]!.sample(random))
  return { texts: samples.map(({ text }) => text), targets: samples.map(({ target }) => target) }
}

/** Runs a stream through all of the pipeline, from a file to a file. Throws where a request was not answered by `tier`, or an extracted answer is wrong. */
export async function timeRun({ stand, folder, redisPid }: BenchStand, stream: Stream, tier: 'extracted' | 'called'): Promise<RunFigures> {
  const input = join(folder, 'requests.jsonl')
  writeFileSync(input, stream.texts.map((text) => `${JSON.stringify({ input: text })}\n`).join(''))
  const output = join(folder, `results-${performance.now().toFixed(0)}.jsonl`)
  const watch = watchProcesses([redisPid])
  const { code, run } = await stand.answer(input, output)
  const uses = watch.stop()
  if (code !== EXIT.ok) throw new CommandError(code, 'a run did not end well, so there is nothing to time')
  const results = await readResults(output)
  const others = results.filter((result) => result.tier !== tier)
  if (results.length !== stream.texts.length || others.length > 0)
    throw new Error(`${stream.texts.length} requests have ${results.length} results, ${others.length} of them not ${tier}`)
  for (const { id, answer } of tier === 'extracted' ? results : []) {
    const target = stream.targets[Number(id.slice('line-'.length)) - 1]
    if (target === undefined || !isRight(answer, target))
      throw new Error(`${id} was answered ${JSON.stringify(answer)}, not ${JSON.stringify(target)}`)
  }
  const { duration_seconds: seconds } = Summary.parse(await stand.space.registry.runs.summary(run))
  return { requests: results.length, perSecond: results.length / seconds, uses }
}
