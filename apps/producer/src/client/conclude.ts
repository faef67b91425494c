import type { Bucket } from '@toolwright/contracts'
import { onceNotFull, type Queues } from '@toolwright/queues'
import type { Registry, Sums } from '@toolwright/registry'
import type { RunRequest } from '../run-request.ts'
import type { Delivery } from './delivery.ts'
import { resumeCommand } from './going-on.ts'
import { LinesLost } from './lines-lost.ts'
import type { Money } from './money.ts'
import { estimateRun } from './run-estimates.ts'
import { OutputClosed } from './result-sink.ts'
import { RunGone } from './run-gone.ts'
import type { Standing } from './standing.ts'
import { renderSummary, summaryJson } from './summary.ts'
import { sumOf } from './watch.ts'

const EXIT = { ok: 0, someFailed: 3, overBudget: 4, halted: 5, interrupted: 130 }

export interface Ending {
  registry: Registry
  queues: Queues
  request: RunRequest
  standing: Standing
  delivery: Pick<Delivery, 'tally' | 'size' | 'early'>
  isInterrupted: boolean
  durationMs: number
  say: (text: string) => void
}

/** Says how the run ended, or how to finish it, and returns the exit code. A run that is complete is closed. Throws RunGone and LinesLost. */
export async function conclude(ending: Ending): Promise<number> {
  const { standing, request, delivery, isInterrupted, say } = ending
  const { fatal, haltedBy, total } = standing
  const again = resumeCommand(request, total === null)
  if (fatal instanceof OutputClosed) {
    say(`the output was closed. What it has not got: ${again}`)
    return EXIT.ok
  }
  if (fatal instanceof RunGone || fatal instanceof LinesLost) throw fatal
  if (fatal !== null) {
    say(`the results cannot be written: ${fatal.message}\nNothing is lost: mend it, then ${again}`)
    return 1
  }
  if (haltedBy !== null && standing.isOverBudget) {
    // The reason names the limits that are set. Another one than the run's own is not raised by its command.
    const goOn = haltedBy.includes('--max-cost-usd')
      ? `To go on, with a higher limit or none: ${resumeCommand(request, total === null, '--max-cost-usd N')}`
      : `Raise the limit, or wait until it is a new one, then ${again}`
    say(`the run is paused: ${haltedBy}\nNothing is lost. ${goOn}`)
    return EXIT.overBudget
  }
  if (haltedBy !== null) {
    say(`the run has stopped: ${haltedBy}\nNothing is lost: mend it, then ${again}`)
    return EXIT.halted
  }
  if (standing.isCancelled) {
    if (!standing.isWithdrawn) {
      say(`run ${request.run} is cancelled, and not all of it is wound up: ./toolwright cancel ${request.run} does the rest`)
      return isInterrupted ? EXIT.interrupted : 1
    }
    const dropped = standing.read - delivery.size
    say(
      `run ${request.run} was cancelled: of the ${standing.read} requests read, ${delivery.size} have their results, and ${dropped} were dropped`,
    )
    await close(ending)
    return EXIT.someFailed
  }
  if (!request.readsOn && (total === null || delivery.size < total)) {
    const early = delivery.early > 0 ? `; ${delivery.early} wait for those of earlier lines` : ''
    say(`run ${request.run} is interrupted: ${delivery.size} results are written${early}. To finish: ${again}`)
    return EXIT.ok
  }
  if (total === null || delivery.size < total) {
    const early = delivery.early > 0 ? `; ${delivery.early} results wait in Redis for those of earlier lines` : ''
    say(`interrupted; what is done is written${early}. To finish: ${again}`)
    return isInterrupted ? EXIT.interrupted : 1
  }
  await close(ending)
  return delivery.tally.failed > 0 ? EXIT.someFailed : EXIT.ok
}

async function close({ registry, queues, request, standing, delivery, durationMs, say }: Ending): Promise<void> {
  const { run, output, errors } = request
  const cost = costByBucket(await registry.money.sums(run))
  const budget = await registry.money.budget({ run })
  const estimates = await estimateRun(registry.money, run, delivery.tally)
  const latencies = await registry.totals.latencies(run)
  const { toolsMade } = standing
  const totals = { run, durationMs, tally: delivery.tally, cost, budget, estimates, latencies, toolsMade, output, errors }
  const uncertain = await registry.money.uncertain(run)
  if (uncertain.calls > 0)
    say(`${uncertain.calls} model calls were begun and never settled: they may have been billed, and are not in the sums`)
  await onceNotFull(() => registry.runs.finish(run, summaryJson(totals)))
  await queues.dropResults(run)
  if (request.json) process[output === null ? 'stderr' : 'stdout'].write(`${JSON.stringify(summaryJson(totals))}\n`)
  else process.stderr.write(`\n${renderSummary(totals)}`)
  if (request.retries !== null && !standing.isCancelled) await registry.failures.drop(request.retries)
  const failed = await registry.failures.count(run)
  if (failed > 0)
    say(
      `${failed === 1 ? 'one failed request is' : `${failed} failed requests are`} kept for a week: ./toolwright retry-failed ${run} tries again`,
    )
}

function costByBucket(sums: Sums[]): Record<Bucket, Money> {
  const of = (bucket: Bucket) => sumOf(sums.filter((row) => row.bucket === bucket))
  return { results: of('results'), makes: of('makes'), overhead: of('overhead'), waste: of('waste') }
}
