import type { Line, LineResult } from '@toolwright/contracts'
import type { Queues } from '@toolwright/queues'
import type { Registry, Waiting } from '@toolwright/registry'
import { copyAnswer } from './copy-answer.ts'
import type { SameRequests } from './same-requests.ts'

/**
 * Requests that are the same as an earlier one of their run, which alone is sent. They are kept in the registry while that is under way, and get a copy of its answer
 * from the results once it stands there. If it fails they are sent on after all, each by itself: one request's failure is no other's.
 */
export interface Duplicates {
  /** Whether a request is unlike all before it; it is remembered then. */
  isFirst(line: Line): boolean
  /** Takes in lines that are not the first, and resolves with copies for those whose answer is there already. */
  join(lines: readonly Line[]): Promise<LineResult[]>
  /** Copies for those that wait for these requests, whose results have been written. May be called again for the same ones. */
  settle(seqs: readonly number[]): Promise<LineResult[]>
  /** Takes up those that an earlier process of the run has left waiting; `take` gets the copies that are due. To be called before anything else. */
  restore(take: (results: LineResult[]) => Promise<void>): Promise<void>
  /** A line that an earlier process has read. */
  recall(line: Line): void
  /** No line comes any more that an earlier process may have sent. */
  caughtUp(): void
}

export interface DuplicatesOptions {
  run: string
  registry: Pick<Registry, 'runs' | 'undelivered'>
  queues: Queues
  same: SameRequests
  isWritten: (seq: number) => boolean
  /** The result line that stands at a place of `same`. */
  readLine: (place: number) => Promise<string>
}

const AT_ONCE = 200

export function openDuplicates({ run, registry, queues, same, isWritten, readLine }: DuplicatesOptions): Duplicates {
  const { runs, undelivered } = registry
  /** By the request that they wait for. Numbers alone: their lines are in the registry. */
  const waitingFor = new Map<number, Set<Waiting>>()
  const waiting = new Map<number, { kept: Waiting; first: number }>()

  /** `kept`: as it stands in the registry. What it waits for may have become another since. */
  const wait = (kept: Waiting, first = kept.first) => {
    if (waiting.has(kept.seq)) return
    waiting.set(kept.seq, { kept, first })
    const others = waitingFor.get(first)
    if (others === undefined) waitingFor.set(first, new Set([kept]))
    else others.add(kept)
  }
  const leave = async (seqs: readonly number[]) => {
    const leaving = seqs.flatMap((seq) => waiting.get(seq) ?? [])
    await undelivered.dropDuplicates(
      run,
      leaving.map(({ kept }) => kept),
    )
    for (const { kept, first } of leaving) {
      waiting.delete(kept.seq)
      const others = waitingFor.get(first)
      others?.delete(kept)
      if (others?.size === 0) waitingFor.delete(first)
    }
  }

  /** A job for each: whoever sends them once more, after a crash, may have others to send with them. */
  const sendAlone = async (lines: readonly Line[]) => {
    // One that was sent before a crash may have its result on its way.
    const unsent = await runs.unanswered(run, lines)
    await runs.noteDispatched(run, unsent, false)
    await queues.add(
      'requests',
      unsent.map((line) => ({ id: queues.idFor('requests', run, line.seq, line.seq), data: { v: 1, run, lines: [line] } })),
    )
    await leave(lines.map(({ seq }) => seq))
  }

  /** Copies for the lines whose answer is there; the others go on as requests of their own. */
  const answer = async (lines: readonly Line[]): Promise<LineResult[]> => {
    const likes = lines.map((line) => same.look(line))
    const texts = new Map<number, string>()
    const copies: LineResult[] = []
    const alone: Line[] = []
    for (const [at, line] of lines.entries()) {
      const like = likes[at]!
      if (like.is === 'answered') {
        const text = texts.get(like.place) ?? (await readLine(like.place))
        texts.set(like.place, text)
        copies.push(copyAnswer(text, line))
      } else {
        same.begin(line)
        alone.push(line)
      }
    }
    if (alone.length > 0) await sendAlone(alone)
    return copies
  }

  return {
    isFirst: (line) => {
      if (same.look(line).is !== 'none') return false
      same.begin(line)
      return true
    },
    join: async (lines) => {
      const asked = lines.map((line) => ({ line, like: same.look(line) }))
      const due: Line[] = []
      const early: { first: number; line: Line }[] = []
      for (const { line, like } of asked) {
        if (like.is === 'under-way') early.push({ first: like.first, line })
        else due.push(line)
      }
      await undelivered.keepDuplicates(run, early)
      // Their way is decided, and no kind need wait for them. Not before they are kept: what is dispatched is not sent again.
      await runs.noteDispatched(
        run,
        early.map(({ line }) => line),
      )
      for (const { first, line } of early) {
        // What they wait for may have been written meanwhile.
        const like = same.look(line)
        wait({ first, seq: line.seq }, like.is === 'under-way' ? like.first : first)
        if (like.is !== 'under-way') due.push(line)
      }
      return await answer(due)
    },
    settle: async (seqs) => {
      await leave(seqs)
      const copies: LineResult[] = []
      for (const first of seqs) {
        const left = [...(waitingFor.get(first) ?? [])]
        for (let at = 0; at < left.length; at += AT_ONCE) {
          copies.push(...(await answer(await undelivered.readDuplicates(run, left.slice(at, at + AT_ONCE)))))
        }
      }
      return copies
    },
    restore: async (take) => {
      const all = await undelivered.duplicates(run)
      await undelivered.dropDuplicates(
        run,
        all.filter(({ seq }) => isWritten(seq)),
      )
      const left = all.filter(({ seq }) => !isWritten(seq))
      for (let at = 0; at < left.length; at += AT_ONCE) {
        const kept = new Map(left.slice(at, at + AT_ONCE).map((one) => [one.seq, one]))
        const due: Line[] = []
        for (const line of await undelivered.readDuplicates(run, [...kept.values()])) {
          const one = kept.get(line.seq)!
          same.begin(line, one.first)
          wait(one)
          if (isWritten(one.first)) due.push(line)
        }
        await take(await answer(due))
      }
    },
    recall: (line) => same.begin(line),
    caughtUp: () => same.forgetFound(),
  }
}
