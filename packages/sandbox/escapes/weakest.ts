import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Duplex, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Batch, Outcome } from '../src/index.ts'
import type { Stand, Subject } from './stand.ts'

const CHILD = fileURLToPath(new URL('weakest-child.ts', import.meta.url))
const CHANNEL = 3
const HANG_MS = 20_000

interface Message {
  type: string
  outcome?: Outcome
}

/**
 * Plain Pyodide in a plain Node process with everything that this process has, a new one for each snippet that leaves something behind.
 * What it says, on descriptor 3 or on its standard output, is believed. An aborted signal ends its processes.
 */
export async function openWeakest(signal?: AbortSignal): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), 'toolwright-weakest-'))
  const snapshot = join(folder, 'snapshot')
  const removeFolder = () => rmSync(folder, { recursive: true, force: true })
  try {
    await writeSnapshot(snapshot, signal)
  } catch (error) {
    removeFolder()
    throw error
  }
  const sound: Subject[] = []
  return {
    name: 'weakest',
    lanes: 2,
    attempts: 3,
    patienceMs: 2_000,
    open: async (isFresh) => {
      const used = isFresh ? undefined : sound.pop()
      const subject = used ?? (await openSubject(snapshot, signal))
      return {
        run: (batch) => subject.run(batch),
        close: async (isSound) => {
          if (isSound) sound.push(subject)
          else await subject.close(false)
        },
      }
    },
    close: async () => {
      await Promise.all(sound.map((subject) => subject.close(false)))
      removeFolder()
    },
  }
}

async function writeSnapshot(path: string, signal?: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, [CHILD, 'write', path], { stdio: ['ignore', 'ignore', 'inherit'], signal, killSignal: 'SIGKILL' })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`plain Pyodide did not write its snapshot: exit code ${String(code)}`)
}

async function openSubject(snapshot: string, signal?: AbortSignal): Promise<Subject> {
  const child = spawn(process.execPath, [CHILD, 'read', snapshot], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] })
  const kill = () => child.kill('SIGKILL')
  signal?.addEventListener('abort', kill, { once: true })
  const exited = once(child, 'close').finally(() => signal?.removeEventListener('abort', kill))
  const talk = talkWith(child)
  const ready = await Promise.race([talk.next().then(() => true), exited.then(() => false)])
  signal?.throwIfAborted()
  if (!ready) throw new Error('plain Pyodide did not start')
  return {
    run: async (batch) => {
      // Nothing else ends a loop inside C code, or an interpreter that a snippet has broken.
      const timer = setTimeout(kill, batch.timeoutMs * batch.calls.length + HANG_MS)
      const outcomes: Outcome[] = []
      talk.send(batch)
      while (outcomes.length < batch.calls.length) {
        const message = await Promise.race([talk.next(), exited.then(() => null)])
        if (message?.outcome) outcomes.push(message.outcome)
        if (message === null) break
      }
      clearTimeout(timer)
      signal?.throwIfAborted()
      return outcomes.length < batch.calls.length ? [...outcomes, { status: 'crashed', message: 'its process died' }] : outcomes
    },
    close: async () => {
      kill()
      await exited
    },
  }
}

/** Both ways that lines come back by, and the one that batches go. */
function talkWith(child: ChildProcess): { send: (batch: Batch) => void; next: () => Promise<Message> } {
  const channel = child.stdio[CHANNEL]
  if (!(channel instanceof Duplex) || !(child.stdout instanceof Readable)) throw new Error('a child without a channel')
  const messages: Message[] = []
  let arrival = Promise.withResolvers<void>()
  const read = (line: string) => {
    const message = messageOf(line)
    if (message === null) return
    messages.push(message)
    arrival.resolve()
  }
  for (const input of [channel, child.stdout]) {
    // A child that dies in mid-line; its end is seen by whoever waits for it.
    input.on('error', () => undefined)
    createInterface({ input })
      .on('line', read)
      .on('error', () => undefined)
  }
  return {
    send: (batch) => channel.write(`${JSON.stringify(batch)}\n`),
    next: async () => {
      for (;;) {
        const message = messages.shift()
        if (message) return message
        arrival = Promise.withResolvers()
        await arrival.promise
      }
    },
  }
}

/** Null where the line is output of a tool. */
function messageOf(line: string): Message | null {
  try {
    const message: unknown = JSON.parse(line)
    // It is as good as its sender, which is believed here; that is the point of this set-up.
    return typeof message === 'object' && message !== null && 'type' in message ? (message as Message) : null
  } catch {
    // Output that is no JSON.
    return null
  }
}
