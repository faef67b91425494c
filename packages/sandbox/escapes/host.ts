import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a snippet is told, as the dict `HOST`: where to reach, never what it would find there. */
export interface HostFacts {
  /** The snippet's own key, to be told to the listener. */
  name: string
  /** Name of a variable in this process's environment. */
  variable: string
  /** A file of this machine, outside of what a sandbox child may read. */
  readable: string
  /** Its folder. */
  folder: string
  /** Does not exist; whoever makes it has written a file on this machine. */
  writable: string
  /** A listener on 127.0.0.1. */
  port: number
  /** This process, and the signal that it notes without dying. */
  pid: number
  signal: number
  node: string
  /** The result of a call that is never returned: a snippet that gets it into an outcome has forged one. */
  forged: string
  /** How long a snippet works that means to outlive its time limit. */
  overstayMs: number
}

/** The machine around the set-ups, as the escape suite observes it: everything here is seen from outside of the guest. */
export interface Host {
  /** `key`: told to no other, and fit for the name of a file. */
  factsFor(key: string): HostFacts
  secrets: { environment: string; file: string; call: string }
  wasWritten(facts: HostFacts): boolean
  wasConnected(facts: HostFacts): boolean
  signals(): number
  /** Resolves when all connections that were made before have been noted. */
  settle(): Promise<void>
  close(): void
}

/** Whoever does not listen is not harmed by it: a snippet may send it to a whole group of processes. */
const SIGNAL = 'SIGURG'
const VARIABLE = 'TOOLWRIGHT_ESCAPE_SECRET'
export const OVERSTAY_MS = 4_000

/** Puts a secret in this process's environment and in a file, opens a listener, and notes signals. Sandboxes that are to be tried are started after this. */
export async function openHost(): Promise<Host> {
  const secrets = { environment: makeSecret('environment'), file: makeSecret('file'), call: makeSecret('call') }
  process.env[VARIABLE] = secrets.environment
  const folder = mkdtempSync(join(tmpdir(), 'toolwright-escapes-'))
  const readable = join(folder, 'secret')
  writeFileSync(readable, secrets.file)

  let signals = 0
  const noteSignal = () => {
    signals++
  }
  process.on(SIGNAL, noteSignal)

  let heard = ''
  const listener = createServer((socket) => {
    socket.setEncoding('latin1').on('data', (text: string) => {
      heard += text
      socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n')
    })
    socket.on('error', () => undefined)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  if (typeof address !== 'object' || address === null) throw new Error('a listener without a port')
  const { port } = address

  return {
    factsFor: (key) => ({
      name: `<${key}>`,
      variable: VARIABLE,
      readable,
      folder,
      writable: join(folder, `written-by-${key}`),
      port,
      pid: process.pid,
      signal: constants.signals[SIGNAL],
      node: process.execPath,
      forged: `forged by ${key}`,
      overstayMs: OVERSTAY_MS,
    }),
    secrets,
    wasWritten: (facts) => existsSync(facts.writable),
    wasConnected: (facts) => heard.includes(facts.name) || heard.includes(encodeURIComponent(facts.name)),
    signals: () => signals,
    settle: async () => {
      // Connections are accepted in the order in which they were made, so this one comes last.
      const last = makeSecret('settled')
      const socket = connect(port, '127.0.0.1', () => socket.write(last))
      socket.resume()
      await once(socket, 'close')
    },
    close: () => {
      delete process.env[VARIABLE]
      process.off(SIGNAL, noteSignal)
      listener.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Found by its form in a memory that holds it; not guessed. */
function makeSecret(of: string): string {
  return `secret-of-${of}:${randomBytes(16).toString('hex')}`
}
