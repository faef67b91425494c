import type { Call, Outcome } from '@toolwright/sandbox'
import type { Random } from '@toolwright/families'
import type { SampleTool } from './sample-tools.ts'

/** A call, and whether an outcome is the right one for it. */
export interface KnownCall {
  /** For counting: what the call does. */
  sort: string
  call: Call
  isRight: (outcome: Outcome) => boolean
}

/** Calls of one tool, to be run together. */
export interface KnownBatch {
  source: string
  timeoutMs: number
  calls: KnownCall[]
}

const PATIENT_MS = 20_000
/** For batches in which something would go on for ever. */
const SHORT_MS = 300

/** One call does what its argument `way` says. */
const VERSATILE = `import builtins, gc, itertools, json, os, sys, time

calls = []

def solve(way, x):
    calls.append(way)
    if way == "reverse": return "".join(reversed(x))
    if way == "multiply": return str(x[0] * x[1])
    if way == "same": return json.dumps(x, ensure_ascii=False)
    if way == "fresh":
        found = [len(calls), os.listdir("/tmp")]
        with open("/tmp/left", "w") as file: file.write(x)
        return repr(found)
    if way == "print":
        print(x)
        return "printed"
    if way == "raise": raise ValueError(x)
    if way == "number": return len(x)
    if way == "long": return x * 70_000
    if way == "loop":
        while True: pass
    if way == "stubborn":
        while True:
            try:
                while True: pass
            except BaseException: pass
    if way == "sleep": time.sleep(1_000)
    if way == "memory":
        hoard = []
        while True: hoard.append(bytes(5_000_000))
    if way == "output":
        while True: print(x * 1_000)
    if way == "recursion": json.loads("[" * 100_000)
    if way == "abort": os.abort()
    if way == "finalizer":
        class Late:
            def __del__(self):
                while True: pass
        builtins.late = Late()
        del builtins.late
    if way == "C": return str(sum(itertools.repeat(0)))

def extract(text):
    return {"way": "reverse", "x": text} if text else None
`

type Way = (random: Random) => Omit<KnownCall, 'sort'>

const saying = (way: string, x: unknown): Call => ({ arguments: JSON.stringify({ way, x }) })
const ok =
  (result: string, stdout = '') =>
  (outcome: Outcome) =>
    outcome.status === 'ok' && outcome.result === result && outcome.stdout === stdout && outcome.stderr === ''
const ended = (status: Outcome['status'], part: string) => (outcome: Outcome) =>
  outcome.status === status && 'message' in outcome && outcome.message.includes(part)

const CHARACTERS = ['a', 'Z', ' ', '7', 'é', 'ß', '日', '本', '🌍', '\n', '"', '\\', '\0']
const textOf = (random: Random) => Array.from({ length: random.between(1, 60) }, () => random.pick(CHARACTERS)).join('')
const numberOf = (random: Random) => BigInt(Array.from({ length: random.between(1, 40) }, () => random.between(1, 9)).join(''))

const GOOD: Record<string, Way> = {
  'text reversed': (random) => {
    const text = textOf(random)
    return { call: saying('reverse', text), isRight: ok(Array.from(text).toReversed().join('')) }
  },
  'long numbers multiplied': (random) => {
    const [one, two] = [numberOf(random), numberOf(random)]
    return { call: { arguments: `{"way": "multiply", "x": [${one}, ${two}]}` }, isRight: ok(String(one * two)) }
  },
  'arguments handed back': (random) => {
    const text = textOf(random)
    return { call: saying('same', [text, null, true]), isRight: ok(`[${JSON.stringify(text)}, null, true]`) }
  },
  'globals and files of its own': (random) => ({ call: saying('fresh', textOf(random)), isRight: ok('[1, []]') }),
  output: (random) => {
    const text = textOf(random)
    return { call: saying('print', text), isRight: ok('printed', `${text}\n`) }
  },
  'extract and solve': (random) => {
    const text = textOf(random)
    return {
      call: { text, solve: true },
      isRight: (outcome) => outcome.status === 'ok' && outcome.result === Array.from(text).toReversed().join(''),
    }
  },
}

const BAD: Record<string, Way> = {
  refused: () => ({ call: { text: '', solve: true }, isRight: ({ status }) => status === 'refused' }),
  raised: (random) => {
    const number = String(random.between(0, 999_999))
    return { call: saying('raise', number), isRight: ended('raised', `ValueError: ${number}`) }
  },
  'wrong arguments': () => ({ call: { arguments: '{"y": 1}' }, isRight: ended('raised', 'TypeError') }),
  'no arguments': () => ({ call: { arguments: 'nonsense' }, isRight: ended('raised', 'the arguments are not JSON') }),
  'result of another type': () => ({ call: saying('number', 'x'), isRight: ended('bad-result', 'it returned int') }),
  'result too long': () => ({ call: saying('long', 'x'), isRight: ended('bad-result', '70000 bytes') }),
}

const runaway = (way: string, status: Outcome['status'], part: string): Way => {
  const isRight = ended(status, part)
  return () => ({ call: saying(way, 'x'), isRight })
}
const LATE = `it ran longer than ${SHORT_MS} ms`
/** Ended by the time limit. */
const ENDLESS: Record<string, Way> = {
  loop: runaway('loop', 'timed-out', LATE),
  'loop that catches everything': runaway('stubborn', 'timed-out', LATE),
  sleep: runaway('sleep', 'timed-out', LATE),
  finalizer: runaway('finalizer', 'timed-out', LATE),
}
/** Ended by another limit, or by themselves. */
const REACHING: Record<string, Way> = {
  'memory flood': runaway('memory', 'out-of-memory', 'more memory'),
  'output flood': runaway('output', 'output-too-large', 'it printed more'),
  'recursion through C': runaway('recursion', 'crashed', 'recursed too deep'),
  abort: runaway('abort', 'crashed', '_abort_js'),
}
/** Nothing but a kill from outside ends it. */
const DEADLY: Record<string, Way> = { 'loop inside C': runaway('C', 'timed-out', LATE) }

const BAD_SOURCES: Record<string, [source: string, part: string]> = {
  'syntax error': ['def solve(:\n    pass', 'SyntaxError'],
  'module that raises': ['raise KeyError("at once")\ndef solve(way, x): return ""', "KeyError: 'at once'"],
  'no solve': ['def extract(text): return None', 'no function solve'],
  'source too deep': [`x = ${'('.repeat(5_000)}${')'.repeat(5_000)}`, 'too many nested parentheses'],
}

/** One batch of at most `count` calls: mostly good ones; one in five has runaways among its calls, one in 600 a call that costs the child its life. */
export function knownBatch(random: Random, sampleTools: readonly SampleTool[], count: number, number: number): KnownBatch {
  const kind = random.next()
  if (kind < 0.35) return sampleBatch(random, random.pick(sampleTools), count)
  if (kind < 0.4) return badSourceBatch(random, Math.min(count, 8), number)
  const ways = { ...GOOD, ...(random.chance(0.7) && BAD) }
  const calls = Array.from({ length: count }, () => callOf(random, ways))
  const isEndless = kind >= 0.9
  if (kind >= 0.8) {
    const striking = !isEndless ? REACHING : random.chance(1 / 60) ? DEADLY : ENDLESS
    const strikes = striking === DEADLY ? 1 : random.between(1, 3)
    for (let strike = 0; strike < strikes; strike++) calls[random.between(0, count - 1)] = callOf(random, striking)
  }
  // Half of the sources have been seen before, half are new to their child.
  return { source: random.chance(0.5) ? VERSATILE : `${VERSATILE}\n# ${number}`, timeoutMs: isEndless ? SHORT_MS : PATIENT_MS, calls }
}

function sampleBatch(random: Random, tool: SampleTool, count: number): KnownBatch {
  const calls = Array.from({ length: count }, (): KnownCall => {
    const { text, target } = tool.sample(random)
    return {
      sort: tool.name,
      call: { text, solve: true },
      isRight: (outcome) => outcome.status === 'ok' && outcome.result === target,
    }
  })
  return { source: tool.source, timeoutMs: PATIENT_MS, calls }
}

function badSourceBatch(random: Random, count: number, number: number): KnownBatch {
  const sort = random.pick(Object.keys(BAD_SOURCES))
  const [source, part] = BAD_SOURCES[sort]!
  const calls = Array.from({ length: count }, (): KnownCall => ({ sort, call: saying('same', number), isRight: ended('bad-source', part) }))
  return { source, timeoutMs: PATIENT_MS, calls }
}

function callOf(random: Random, ways: Record<string, Way>): KnownCall {
  const sort = random.pick(Object.keys(ways))
  return { sort, ...ways[sort]!(random) }
}
