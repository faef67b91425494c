import type { Verb } from './verb.ts'
import { bench } from './verbs/bench.ts'
import { cancel } from './verbs/cancel.ts'
import { demo } from './verbs/demo.ts'
import { doctor } from './verbs/doctor.ts'
import { estimate } from './verbs/estimate.ts'
import { forget } from './verbs/forget.ts'
import { generate } from './verbs/generate.ts'
import { kinds } from './verbs/kinds.ts'
import { pause, unpause } from './verbs/pause.ts'
import { report } from './verbs/report.ts'
import { results } from './verbs/results.ts'
import { resume } from './verbs/resume.ts'
import { retryFailed } from './verbs/retry-failed.ts'
import { run } from './verbs/run.ts'
import { status } from './verbs/status.ts'
import { test } from './verbs/test.ts'
import { tools } from './verbs/tools.ts'
import { up } from './verbs/up.ts'
import { worker } from './verbs/worker.ts'

/** Every verb, in the order in which help lists them. */
export const VERBS: readonly Verb[] = [
  demo,
  estimate,
  run,
  resume,
  pause,
  unpause,
  cancel,
  results,
  report,
  retryFailed,
  status,
  tools,
  kinds,
  up,
  worker,
  generate,
  forget,
  doctor,
  bench,
  test,
]
