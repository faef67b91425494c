import type { Runaway, Technique } from './runaway.ts'
import { COMPILE_BOMBS, IMPORT_BOMBS } from './techniques/bombs.ts'
import { ENDS, FINALIZERS, SIGNALS } from './techniques/ends.ts'
import { LOOPS, LOOPS_IN_C } from './techniques/loops.ts'
import { DECOMPRESSION, FILES, MEMORY } from './techniques/memory.ts'
import { BIG_INTEGERS, REGULAR_EXPRESSIONS } from './techniques/numbers.ts'
import { NATIVE_RECURSION, RECURSION } from './techniques/recursion.ts'
import { ASYNCIO, THREADS, WAITS } from './techniques/waits.ts'
import { EXCEPTIONS, EXTRACTED, OUTPUT, RESULTS } from './techniques/words.ts'

export interface NamedRunaway extends Runaway {
  technique: string
  name: string
}

const TECHNIQUES: Record<string, Technique> = {
  loops: LOOPS,
  'loops in C': LOOPS_IN_C,
  'big integers': BIG_INTEGERS,
  'regular expressions': REGULAR_EXPRESSIONS,
  waits: WAITS,
  asyncio: ASYNCIO,
  threads: THREADS,
  memory: MEMORY,
  decompression: DECOMPRESSION,
  files: FILES,
  output: OUTPUT,
  results: RESULTS,
  extracted: EXTRACTED,
  exceptions: EXCEPTIONS,
  recursion: RECURSION,
  'native recursion': NATIVE_RECURSION,
  ends: ENDS,
  signals: SIGNALS,
  finalizers: FINALIZERS,
  'compile bombs': COMPILE_BOMBS,
  'import bombs': IMPORT_BOMBS,
}

export const RUNAWAYS: NamedRunaway[] = Object.entries(TECHNIQUES).flatMap(([technique, runaways]) =>
  Object.entries(runaways).map(([name, runaway]) => ({ technique, name, ...runaway })),
)
