import { hashOf, type RunSettings } from '@toolwright/contracts'
import type { Queues } from '@toolwright/queues'
import type { Registry, RunFiles, RunRecord } from '@toolwright/registry'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { RunRequest } from '../run-request.ts'
import { UsageError } from './usage-error.ts'

interface Services {
  registry: Registry
  queues: Queues
}

/** A process that was killed is still counted for a moment. */
const ALONE_AFTER_MS = 3_000
const LOOK_MS = 100

/** The record of a run that goes on; null for a new one. Throws UsageError while another process follows the run. */
export async function findRun({ registry, queues }: Services, run: string): Promise<RunRecord | null> {
  const record = await registry.runs.get(run)
  if (record === null) return null
  const until = performance.now() + ALONE_AFTER_MS
  while ((await queues.workersOf('results', run)) > 0) {
    if (performance.now() > until)
      throw new UsageError(`run ${run} is being followed by another process: wait for its end, or stop it first`)
    await delay(LOOK_MS)
  }
  // What is to go on does not expire meanwhile.
  await registry.runs.attend(run)
  return record
}

interface Written {
  /** Lines of which it is known where they went, and those of them that went to a stream. */
  all: number
  streamed: number
}

/** Opens the run's record. Throws UsageError where its results are elsewhere. */
export async function openRun(
  registry: Registry,
  request: RunRequest,
  { earlier, written, say }: { earlier: RunRecord | null; written: Written; say: (text: string) => void },
): Promise<RunRecord> {
  const { run, output, settings } = request
  if (request.readsOn && earlier?.isCancelled === true)
    throw new UsageError(`run ${run} was cancelled, and what it had not answered was dropped: answer that in a run of another id`)
  if (earlier !== null) {
    if (earlier.written > written.all) {
      if (earlier.source !== sourceOf(request))
        throw new UsageError(`run ${run} reads another input (${inputOf(earlier)}); choose another --run-id`)
      throw new UsageError(
        `not all of the ${earlier.written} results that run ${run} has written are in ${output ?? 'standard output'}: name the file that has them with -o (and --errors), or answer all requests again in a run of another id`,
      )
    }
    if (!request.readsOn) return earlier
    const others = differences(earlier.settings, settings)
    if (others.length > 0) say(`run ${run} goes on as it was begun: ${others.join(', ')}`)
    if (earlier.state === 'done') say(`run ${run} is done already; looking for requests that have been added since`)
    else if (written.streamed > 0)
      say(`${written.streamed} results of run ${run} went to a stream before, and are kept nowhere else; the others follow`)
  }
  // Before it is opened: from then on its calls go on.
  if (request.maxCostNano !== undefined) await registry.money.setBudget(run, request.maxCostNano)
  const record = await registry.runs.open(run, settings, sourceOf(request))
  // What a run that goes on is to read may turn out to be something else.
  if (earlier === null) await noteFiles(registry, request)
  return record
}

/** Notes where the run reads and writes, for whoever resumes it by its id alone. */
export async function noteFiles(registry: Registry, request: RunRequest): Promise<void> {
  await registry.runs.saveFiles(request.run, sourceOf(request), filesOf(request))
}

/** What the input was called when the run was begun or last resumed. */
export function inputOf({ source }: Pick<RunRecord, 'source'>): string {
  return source.replace(/ [0-9a-f]{8}$/, '')
}

function filesOf({ input, output, errors, limit, retries }: RunRequest): RunFiles {
  return { input, output, errors, limit, retries, host: hostname() }
}

function sourceOf({ input, retries }: RunRequest): string {
  const source = retries === null ? input : `failed requests of ${retries}`
  return `${source} ${hashOf(source).slice(0, 8)}`
}

/** What the run was begun with and is not asked for now. */
function differences(begun: RunSettings, asked: RunSettings): string[] {
  return [
    ...(begun.whileMaking === asked.whileMaking ? [] : [`--while-making ${begun.whileMaking}`]),
    ...(begun.make === asked.make ? [] : [`--make ${begun.make}`]),
    ...(begun.ordered === asked.ordered ? [] : [flag('ordered', begun.ordered)]),
    ...(begun.dedupe === asked.dedupe ? [] : [flag('dedupe', begun.dedupe)]),
  ]
}

function flag(name: string, isSet: boolean): string {
  return isSet ? `--${name}` : `without --${name}`
}
