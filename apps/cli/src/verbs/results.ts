import type { RunRecord } from '@toolwright/registry'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { parseFlags, usageError } from '../flags.ts'
import { deliveryOf, filesOfRun, givenRun, isFollowed, recordOf } from '../given-run.ts'
import { withSpace, type Space } from '../open-space.ts'
import { runClient } from '../run-client.ts'
import type { Surroundings, Verb } from '../verb.ts'

const flags = { follow: { type: 'boolean', about: 'go on with what is written from now on, until the run ends' } } as const

const CHUNK_BYTES = 1_000_000
const LOOK_MS = 500
const NEWLINE = 0x0a

export const results: Verb = {
  name: 'results',
  summary: "print a run's results from another terminal, and say where they are",
  positionals: 'RUN',
  flags,
  about: `Results that were written to a file are copied to standard output, whole lines as far as they are written, and where the file is goes to stderr. Answers of a run whose
command is gone wait in Redis, until nobody has come for 30 days (TOOLWRIGHT_RUN_DAYS of the maker): they are first written to its file, or, where it wrote to its standard output, to this one. What went to a standard output before is kept nowhere.
Nothing is read and no model is asked for it: ./toolwright resume RUN goes on with the run. Example: ./toolwright results r-abcdefghij --follow | jq .custom_id`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    const run = givenRun('results', positionals)
    return await withSpace(surroundings, async (space) => {
      const signal = surroundings.interruption()
      const record = await recordOf(space, run)
      const { output, errors } = filesOfRun(record)
      const delivered = await deliver(surroundings, space, record, signal)
      if (output === null) {
        if (delivered === null)
          surroundings.say(`the results of ${run} went to the standard output of its own command, and are kept nowhere else`)
        return delivered ?? EXIT.ok
      }
      if (delivered !== null && delivered !== EXIT.ok && delivered !== EXIT.someLinesFailed) return delivered
      if (!existsSync(output)) throw usageError(`the results of ${run} went to ${output}, and there is no such file any more`)
      surroundings.say(`the results of ${run} are in ${output}${errors === null ? '' : `, requests that failed in ${errors}`}`)
      await copy(surroundings, output, signal, values.follow === true ? () => isGoingOn(space, run) : () => Promise.resolve(false))
      return EXIT.ok
    })
  },
}

/** Writes answers that wait in Redis for a client that is gone. Null: there are none, or the client is there. */
async function deliver(surroundings: Surroundings, space: Space, record: RunRecord, signal: AbortSignal): Promise<ExitCode | null> {
  if (record.state === 'done' || (await isFollowed(space, record.id))) return null
  const { waiting, active, delayed } = await space.queues.depth('results', record.id)
  if (waiting + active + delayed === 0) return null
  const { folders, inherited } = surroundings
  return await runClient({ folders, inherited, redisUrl: space.url, wish: deliveryOf(record), stop: signal })
}

async function isGoingOn(space: Space, run: string): Promise<boolean> {
  const isAlive = await isFollowed(space, run)
  return isAlive && (await space.registry.runs.get(run))?.state === 'active'
}

/** Prints what is in a file, and what comes as long as the run goes on. */
async function copy(surroundings: Surroundings, path: string, signal: AbortSignal, comesMore: () => Promise<boolean>): Promise<void> {
  let at = 0
  for (;;) {
    // Asked before the last look, so that nothing comes after it.
    const isOver = signal.aborted || !(await comesMore())
    at = await printLines(path, at, surroundings.print)
    if (isOver) return
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** Prints the whole lines from there on; returns where they end. */
async function printLines(path: string, from: number, print: (text: string) => Promise<void>): Promise<number> {
  const file = await open(path)
  try {
    let at = from
    let rest = Buffer.alloc(0)
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, at + rest.length)
      if (bytesRead === 0) return at
      const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
      const end = bytes.lastIndexOf(NEWLINE) + 1
      if (end > 0) await print(bytes.toString('utf8', 0, end))
      at += end
      rest = bytes.subarray(end)
    }
  } finally {
    await file.close()
  }
}
