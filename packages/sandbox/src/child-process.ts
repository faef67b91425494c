import { Duplex } from 'node:stream'
import { encodeFrame, frameDecoder } from './child/frames.ts'
import type { BatchMessage } from './child/messages.ts'
import { ChildMessage } from './child-message.ts'
import type { Outcome } from './outcome.ts'
import { processorMsOf } from './processor-time.ts'
import { CHANNEL, spawnChild, type SpawnPlan } from './spawn-child.ts'

/** How a batch ended in a child. After all but `done` the child is gone or going. */
type Ending =
  | { how: 'done' }
  /** The interpreter could not be put back to its frozen state, or its process has become too large. */
  | { how: 'recycled'; why: string }
  /** Killed: not even the child's own time limit ended it, as in a loop inside C code. */
  | { how: 'overran'; isCompiling: boolean }
  | { how: 'died'; why: string }

export interface Child {
  pid: number
  isAlive(): boolean
  /** Runs one batch at a time, until `deadline` (a value of `performance.now()`) at most. Outcomes are given in order, each soon after its call has finished. Never rejects. */
  run(batch: BatchMessage, deadline: number, onOutcome: (outcome: Outcome) => void): Promise<Ending>
  kill(why: string): void
  /** Whether it was killed from here. */
  wasKilled(): boolean
  /** Why it ended. */
  exited: Promise<string>
}

const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
const MAX_STDERR_CHARACTERS = 4_000
/** The child ends a call itself when its time is up; what still runs this much later is killed. */
const KILL_GRACE_MS = 1_000
const SAME_MOMENT_MS = 5
/** A child that gets no processor is waited for, up to this many times its limit. */
const PATIENCE = 4

/** Starts a child and waits until its interpreter stands. Throws a plain Error that says why it does not. */
export async function startChild(plan: SpawnPlan, startTimeoutMs: number): Promise<Child> {
  const { started, greeting } = spawnChild(plan)
  const channel = duplex(started.stdio[CHANNEL])
  let stderr = ''
  let killedWhy: string | null = null
  let onMessage: (message: ChildMessage) => void = () => kill('it spoke out of turn')
  const decode = frameDecoder(MAX_MESSAGE_BYTES)

  function kill(why: string): void {
    killedWhy ??= why
    started.kill('SIGKILL')
  }

  const exited = new Promise<string>((resolve) => {
    started.once('error', (error) => resolve(`it could not be started: ${error.message}`))
    started.once('close', (code, signal) =>
      resolve(killedWhy ?? `it ended with ${signal ?? `exit code ${code}`}${stderr && `: ${stderr}`}`),
    )
  })
  let isAlive = true
  /** One for whatever runs now, since what waits for `exited` itself is held for as long as the child lives. */
  let onExit: ((why: string) => void) | null = null
  void exited.then((why) => {
    isAlive = false
    onExit?.(why)
  })

  started.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARACTERS)
  })
  // A child that dies while something is written to it; its end is reported by `exited`.
  channel.on('error', () => undefined)
  channel.on('data', (chunk: Buffer) => {
    try {
      for (const body of decode(chunk)) onMessage(ChildMessage.parse(JSON.parse(body.toString('utf8'))))
    } catch (error) {
      kill(`it sent something that is no message: ${String(error).slice(0, 300)}`)
    }
  })

  function run(batch: BatchMessage, deadline: number, onOutcome: (outcome: Outcome) => void): Promise<Ending> {
    const { promise, resolve } = Promise.withResolvers<Ending>()
    let isCompiling = true
    let missing = batch.calls.length
    let hasOverrun = false
    let lastMessageAt = performance.now()
    let timerSetAt = lastMessageAt
    const startAt = (delayMs: number, act: () => void) => setTimeout(act, Math.max(0, Math.min(delayMs, deadline - performance.now())))
    let timer = startAt(batch.timeoutMs, outOfTime)

    /** The child ends a call itself when its time is up. What still runs after the grace is killed, unless it had no chance to: another process had the processor. */
    function outOfTime(): void {
      const seen = missing
      const usedMs = processorMsOf(started.pid ?? 0)
      timer = startAt(KILL_GRACE_MS, () => {
        // This process may have been the slow one: what the child has already written is read before it is judged.
        setImmediate(() => {
          if (missing !== seen || onMessage !== receive) return
          const now = performance.now()
          const usedInGraceMs = (processorMsOf(started.pid ?? 0) ?? KILL_GRACE_MS) - (usedMs ?? 0)
          const isStarved = usedMs !== null && usedInGraceMs < KILL_GRACE_MS / 2
          if (isStarved && now < deadline && now - lastMessageAt < PATIENCE * batch.timeoutMs) return outOfTime()
          hasOverrun = true
          kill('a call or its batch ran too long')
        })
      })
    }
    function end(ending: Ending): void {
      clearTimeout(timer)
      onMessage = () => kill('it spoke out of turn')
      onExit = null
      resolve(ending)
    }
    function receive(message: ChildMessage): void {
      if (hasOverrun) return
      const now = performance.now()
      // Outcomes come many at a time: one new timer for all that come within a moment.
      if (now - timerSetAt > SAME_MOMENT_MS) {
        clearTimeout(timer)
        timerSetAt = now
        timer = startAt(batch.timeoutMs, outOfTime)
      }
      lastMessageAt = now
      if (message.type === 'compiled' && isCompiling) isCompiling = false
      else if (message.type === 'outcome' && missing > 0) {
        missing--
        onOutcome(message.outcome)
      } else if (message.type === 'done' && message.recycle !== null) end({ how: 'recycled', why: message.recycle })
      else if (message.type === 'done' && missing === 0) end({ how: 'done' })
      else kill(`it sent "${message.type}" out of turn`)
    }

    onMessage = receive
    channel.write(encodeFrame(batch))
    const died = (why: string) => end(hasOverrun ? { how: 'overran', isCompiling } : { how: 'died', why })
    if (isAlive) onExit = died
    else void exited.then(died)
    return promise
  }

  channel.write(greeting)
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => kill(`it was not ready after ${startTimeoutMs} ms`), startTimeoutMs)
    onMessage = (message) => {
      clearTimeout(timer)
      if (message.type === 'ready') return resolve()
      kill(message.type === 'failed' ? message.message : `it began with "${message.type}"`)
    }
    void exited.then((why) => {
      clearTimeout(timer)
      reject(new Error(`a sandbox child did not start: ${why}`))
    })
  })
  onMessage = () => kill('it spoke out of turn')
  // It has spoken, so it has one.
  return { pid: started.pid ?? 0, isAlive: () => isAlive, run, kill, wasKilled: () => killedWhy !== null, exited }
}

/** Descriptors beyond the third are typed as maybe one-way; a pipe that Node opened is a socket. */
function duplex(stream: unknown): Duplex {
  if (!(stream instanceof Duplex)) throw new Error('a sandbox child without a channel')
  return stream
}
