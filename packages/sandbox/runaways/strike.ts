import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Batch, Call, Outcome, Sandbox } from '../src/index.ts'
import type { NamedRunaway } from './runaways.ts'

/** What came of one runaway. */
export interface Finding {
  runaway: NamedRunaway
  /** Of the call that ran away; of the first call where the whole batch does. */
  outcome: Outcome
  /** The calls before and after it, and the next batch, which is of another tool. */
  areNeighboursRight: boolean
  /** What is not as it should be, in sentences. */
  faults: string[]
  /** From its deadline, or from the end of its batch where that came before, to the outcome of the next batch. */
  recoveryMs: number
  isChildReplaced: boolean
}

/** What endless ones get. The others must come to their end by themselves, however slow the machine. */
const SHORT_MS = 300
const LONG_MS = 20_000
/** Far beyond what any batch here may take, retries included: then the sandbox hangs. */
const HANG_MS = 120_000
const STRENGTH_MS = 60_000
const POLL_MS = 5

const silent = { stdout: '', stderr: '' }
const GOOD_SOLVED: Outcome = { status: 'ok', result: 'good', arguments: null, ...silent }
const GOOD_EXTRACTED: Outcome = { status: 'ok', result: null, arguments: '{"text": "good"}', ...silent }

/** Tells what it finds changed of what runaways change. */
const NEXT_TOOL = `import builtins, gc, json, os, re, signal, sys

def extract(text):
    found = re.fullmatch(r"(\\w+) (\\d+)", text)
    return {"word": found[1], "times": int(found[2])} if found else None

def solve(word, times):
    left = [
        *os.listdir("/tmp"),
        *gc.callbacks,
        *[name for name in ("hoard", "late") if hasattr(builtins, name)],
        *[watch for watch in (sys.gettrace(), sys.getprofile(), sys.monitoring.get_tool(0)) if watch],
        *[signal.getsignal(number) for number in (10, 14, 15) if signal.getsignal(number) != signal.SIG_DFL],
    ]
    return json.dumps([word * times, sys.getrecursionlimit() < 10_000, gc.isenabled(), len(sys.modules) > 50, repr(left)])
`
const NEXT_RIGHT: Outcome = {
  status: 'ok',
  result: '["abab", true, true, true, "[]"]',
  arguments: '{"word": "ab", "times": 2}',
  ...silent,
}

/**
 * Lets one runaway loose in a sandbox that nobody else uses, then a batch of another tool, and waits until all children stand again.
 * Rejects with the signal's reason, and where the sandbox hangs or throws.
 */
export async function strike(sandbox: Sandbox, runaway: NamedRunaway, signal?: AbortSignal): Promise<Finding> {
  const { source, strikesIn, right, resetEachCall } = runaway
  const faults: string[] = []
  const timeoutMs = right.includes('timed-out') ? SHORT_MS : LONG_MS
  const before = sandbox.stats()
  const startedAt = performance.now()
  const outcomes = await run({ source, calls: callsOf(strikesIn), timeoutMs, resetEachCall })
  const overAt = Math.min(performance.now(), startedAt + timeoutMs)
  const next = await run({ source: NEXT_TOOL, calls: [{ text: 'ab 2', solve: true }], timeoutMs: LONG_MS, resetEachCall: false })
  const recoveryMs = performance.now() - overAt

  const outcome = outcomes[strikesIn === 'load' ? 0 : 1]
  if (outcome === undefined)
    throw new Error(`${runaway.technique}: ${runaway.name}: the sandbox lost an outcome: ${JSON.stringify(outcomes)}`)
  const neighbours = neighbourFaults(strikesIn, outcomes, next)
  for (const struck of strikesIn === 'load' ? outcomes : [outcome]) {
    if (!right.includes(struck.status) || (struck.status === 'ok' && struck.result !== 'survived'))
      faults.push(`${right.join(' or ')} is right, it was ${told(struck)}`)
  }
  if (!(await isAtFullStrength())) faults.push(`of ${sandbox.stats().children} children only ${sandbox.stats().alive} stand`)
  return {
    runaway,
    outcome,
    areNeighboursRight: neighbours.length === 0,
    faults: [...faults, ...neighbours],
    recoveryMs,
    isChildReplaced: sandbox.stats().restarts > before.restarts,
  }

  async function run(batch: Omit<Batch, 'surroundings'>): Promise<Outcome[]> {
    const hang = AbortSignal.timeout(HANG_MS)
    try {
      return await sandbox.run({ ...batch, surroundings: 'first' }, signal ? AbortSignal.any([signal, hang]) : hang)
    } catch (cause) {
      signal?.throwIfAborted()
      throw new Error(`${runaway.technique}: ${runaway.name}: the sandbox gave no outcome`, { cause })
    }
  }

  async function isAtFullStrength(): Promise<boolean> {
    for (
      const deadline = performance.now() + STRENGTH_MS;
      performance.now() < deadline;
      await sleep(POLL_MS, undefined, signal && { signal })
    ) {
      const { alive, children } = sandbox.stats()
      if (alive === children) return true
    }
    return false
  }
}

function callsOf(strikesIn: NamedRunaway['strikesIn']): Call[] {
  switch (strikesIn) {
    case 'solve':
      return [false, true, false].map((runsAway) => ({ arguments: JSON.stringify({ runs_away: runsAway }) }))
    case 'extract':
      return ['good', 'runs away', 'good'].map((text) => ({ text, solve: false }))
    case 'load':
      return [{ arguments: '{"runs_away": false}' }, { arguments: '{"runs_away": false}' }]
  }
}

function neighbourFaults(strikesIn: NamedRunaway['strikesIn'], [before, , after]: Outcome[], [next]: Outcome[]): string[] {
  const faults: string[] = []
  const expect = (which: string, found: Outcome | undefined, wanted: Outcome) => {
    if (!isDeepStrictEqual(found, wanted)) faults.push(`${which} was ${told(found)}`)
  }
  if (strikesIn !== 'load') {
    const good = strikesIn === 'solve' ? GOOD_SOLVED : GOOD_EXTRACTED
    expect('the call before', before, good)
    expect('the call after', after, good)
  }
  expect('the next batch', next, NEXT_RIGHT)
  return faults
}

function told(outcome: Outcome | undefined): string {
  return JSON.stringify(outcome)?.slice(0, 300) ?? 'lost'
}
