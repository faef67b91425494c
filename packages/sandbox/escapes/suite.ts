import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Batch, Call, Outcome } from '../src/index.ts'
import { OVERSTAY_MS, type Host, type HostFacts } from './host.ts'
import { keyOf, SNIPPETS, sourceOf, type Snippet, type Success } from './snippets.ts'
import type { Stand, Subject } from './stand.ts'

export type Verdict = 'escaped' | 'broke the next batch' | 'held'

/** What one snippet brought about in one stand. */
export interface Finding {
  snippet: Snippet
  verdict: Verdict
  /** All effects that were seen, also others than the one that the snippet states. */
  seen: Success[]
  /** Its own call's outcome, and the next batch's where that was wrong; for a reader. */
  told: string
  ms: number
}

/** Most snippets and the other two batches take well under 100 ms, on a machine that is not busy. */
const TIMEOUT_MS = 10_000
/** For a snippet that means to outlive it. */
const SHORT_TIMEOUT_MS = 400
/** How long effects are waited for that should not come at all. */
const LATE_MS = 1_000

const VICTIM = read('victim.py')
const INNOCENT = read('innocent.py')

/**
 * Runs every snippet in the stand, each between a victim's batch, whose argument is a secret, and an innocent one, whose answer must be what it was at first.
 * Throws when the stand does not even run those two, and with the signal's reason.
 */
export async function runSuite(
  host: Host,
  stand: Stand,
  { snippets = SNIPPETS, signal }: { snippets?: readonly Snippet[]; signal?: AbortSignal | undefined } = {},
): Promise<Finding[]> {
  const right = await rightOutcomes(stand)
  const findings = new Map<Snippet, Finding>()
  const left = [...snippets]
  // A signal does not tell who sent it, so snippets that send one run one after the other.
  const takeNext = (lane: number) => {
    const at = left.findIndex(({ success }) => lane === 0 || success !== 'signals')
    return at < 0 ? undefined : left.splice(at, 1)[0]
  }
  const runLane = async (lane: number) => {
    try {
      for (let snippet = takeNext(lane); snippet; snippet = takeNext(lane)) {
        signal?.throwIfAborted()
        for (let attempt = 0; attempt < stand.attempts; attempt++) {
          const finding = await runSnippet({ host, stand, snippet, right })
          findings.set(snippet, finding)
          if (finding.seen.includes(snippet.success)) break
        }
      }
    } catch (error) {
      // The other lanes need not go on.
      left.length = 0
      throw error
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: stand.lanes }, (_, lane) => runLane(lane)))
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason

  // What shows late: files and connections tell by name whose they are.
  await sleep(LATE_MS, undefined, { signal })
  await host.settle()
  return snippets.flatMap((snippet) => {
    const finding = findings.get(snippet)
    if (!finding) return []
    const seen = [...new Set([...finding.seen, ...effectsOutside(host, host.factsFor(keyIn(stand, snippet)))])]
    return [{ ...finding, seen, verdict: verdictOf(seen) }]
  })
}

/** What it did in one stand says nothing about another. */
function keyIn(stand: Stand, snippet: Snippet): string {
  return `${keyOf(snippet)}.in-${stand.name}`
}

/** What the innocent batch says where nothing else has run. */
async function rightOutcomes(stand: Stand): Promise<Outcome[]> {
  const subject = await stand.open(true)
  try {
    const right = await subject.run(innocent())
    if (right[0]?.status !== 'ok') throw new Error(`the innocent batch fails in ${stand.name}: ${tell(right)}`)
    return right
  } finally {
    await subject.close(true)
  }
}

async function runSnippet(parts: { host: Host; stand: Stand; snippet: Snippet; right: Outcome[] }): Promise<Finding> {
  const { host, stand, snippet, right } = parts
  const facts = host.factsFor(keyIn(stand, snippet))
  const startedAt = performance.now()
  const signals = host.signals()
  const subject = await stand.open(snippet.success === 'poisons')
  let isSound = false
  try {
    await expectVictim(stand, subject, host)
    const callStartedAt = performance.now()
    const outcomes = await subject.run(batchOf(snippet, facts, host))
    const callMs = performance.now() - callStartedAt
    const next = await subject.run(innocent())

    const look = () => {
      const seen = new Set<Success>(effectsOutside(host, facts))
      if (snippet.success === 'signals' && host.signals() > signals) seen.add('signals')
      for (const success of effectsInside(host, facts, [...outcomes, ...next])) seen.add(success)
      if (callMs >= OVERSTAY_MS && outcomes.at(-1)?.status === 'ok') seen.add('overstays')
      if (!isDeepStrictEqual(next, right)) seen.add('poisons')
      return [...seen]
    }
    const waitUntil = performance.now() + stand.patienceMs
    while (showsLate(snippet) && !look().includes(snippet.success) && performance.now() < waitUntil) await host.settle()
    const seen = look()
    isSound = !seen.includes('poisons')
    const told = seen.includes('poisons') ? `${tell(outcomes)}; next: ${difference(next, right)}` : tell(outcomes)
    return { snippet, verdict: verdictOf(seen), seen, told, ms: Math.round(performance.now() - startedAt) }
  } finally {
    await subject.close(isSound)
  }
}

function showsLate({ success }: Snippet): boolean {
  return success === 'writes file' || success === 'connects' || success === 'signals'
}

function effectsOutside(host: Host, facts: HostFacts): Success[] {
  const seen: Success[] = []
  if (host.wasWritten(facts)) seen.push('writes file')
  if (host.wasConnected(facts)) seen.push('connects')
  return seen
}

function effectsInside(host: Host, facts: HostFacts, outcomes: Outcome[]): Success[] {
  const seen: Success[] = []
  const said = JSON.stringify(outcomes)
  if (said.includes(host.secrets.environment)) seen.push('reads environment')
  if (said.includes(host.secrets.file)) seen.push('reads file')
  if (said.includes(host.secrets.call)) seen.push('reads other call')
  if (outcomes.some((outcome) => outcome.status === 'ok' && outcome.result === facts.forged)) seen.push('forges outcome')
  return seen
}

function verdictOf(seen: Success[]): Verdict {
  if (seen.some((success) => success !== 'poisons')) return 'escaped'
  return seen.length > 0 ? 'broke the next batch' : 'held'
}

async function expectVictim(stand: Stand, subject: Subject, host: Host): Promise<void> {
  const outcomes = await subject.run(batch(VICTIM, [{ arguments: JSON.stringify({ private: host.secrets.call }) }], TIMEOUT_MS))
  if (outcomes[0]?.status !== 'ok') throw new Error(`the victim's batch fails in ${stand.name}: ${tell(outcomes)}`)
}

function batchOf(snippet: Snippet, facts: HostFacts, host: Host): Batch {
  const source = sourceOf(snippet, facts)
  const call = { arguments: '{}' }
  if (snippet.calls === 'two') {
    const earlier = { arguments: JSON.stringify({ private: host.secrets.call }) }
    return { ...batch(source, [earlier, call], TIMEOUT_MS), resetEachCall: true }
  }
  return batch(source, [call], snippet.success === 'overstays' ? SHORT_TIMEOUT_MS : TIMEOUT_MS)
}

function innocent(): Batch {
  return batch(INNOCENT, [{ arguments: '{}' }], TIMEOUT_MS)
}

function batch(source: string, calls: Call[], timeoutMs: number): Batch {
  return { source, calls, timeoutMs, surroundings: 'first', resetEachCall: false }
}

function tell(outcomes: Outcome[]): string {
  return outcomes
    .map((outcome) => {
      const said =
        'message' in outcome ? (outcome.message.trim().split('\n').at(-1) ?? '') : JSON.stringify('result' in outcome ? outcome.result : '')
      return `${outcome.status}: ${said}`.slice(0, 200)
    })
    .join(' | ')
}

/** The first line in which an innocent answer is not the one that it was. */
function difference(next: Outcome[], right: Outcome[]): string {
  const [now, before] = [next[0], right[0]]
  if (now?.status !== 'ok' || before?.status !== 'ok') return tell(next)
  const lines = String(before.result).split('\n')
  const changed = String(now.result)
    .split('\n')
    .find((line, index) => line !== lines[index])
  return (changed ?? tell(next)).slice(0, 300)
}

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8')
}
