import type { Verb } from './verb.ts'
import { doctor } from './verbs/doctor.ts'
import { generate } from './verbs/generate.ts'
import { test } from './verbs/test.ts'
import { up } from './verbs/up.ts'
import { worker } from './verbs/worker.ts'

/** Every verb, in the order in which help lists them. */
export const VERBS: readonly Verb[] = [generate, up, worker, doctor, test]

/** Verbs that have a name already. */
export const LATER = ['demo', 'run', 'status', 'tools', 'kinds', 'forget']
