import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { lockWithin, tryOwnFile, type FileLock } from './file-lock.ts'
import type { ServerProgram } from './server-program.ts'
import { startServer } from './server-process.ts'
import { clearState, findRunning, readState, type RedisFolder } from './state.ts'

const POLL_MS = 250
const POST_TIMEOUT_MS = 120_000
const MAX_RESTARTS = 5
const PORT_MS = 10_000

export interface Guarding {
  folder: RedisFolder
  program: ServerProgram
  environment: NodeJS.ProcessEnv
  /** Called once, when a server of this folder answers. */
  onReady: () => Promise<void>
  /** Ends the guarding early, and the server with it. */
  signal: AbortSignal
}

/**
 * Runs a private Redis for as long as anybody uses it: until nobody shares the folder's `users` file. Whoever asks for it must share that file already.
 * Returns at once when another guardian has the folder. A server that dies is started again on the same port; one that an earlier, killed guardian left behind is replaced.
 */
export async function guard({ folder, program, environment, onReady, signal }: Guarding): Promise<void> {
  const post = await takePost(folder)
  if (!post) return onReady()
  try {
    const leftover = await findRunning(folder)
    if (leftover) await shutDown(leftover)
    let server = await startServer({ folder, program, environment, lastPort: readState(folder)?.port, waitForPortMs: 0 })
    await onReady()
    for (let restarts = 0; ;) {
      const alone = tryOwnFile(folder.users)
      if (alone || signal.aborted) {
        await server.stop()
        clearState(folder)
        // Only now: commands that come meanwhile find either a whole server or none.
        alone?.release()
        return
      }
      // Not a race with its end: each would be held until that comes, and a server lives for days.
      await delay(POLL_MS)
      if (!server.hasExited()) continue
      if (restarts++ === MAX_RESTARTS) throw new Error(`the server died ${restarts} times, see ${folder.log}`)
      await delay(500 * (restarts - 1))
      server = await startServer({ folder, program, environment, lastPort: server.port, waitForPortMs: PORT_MS })
    }
  } finally {
    post.release()
  }
}

/** The right to guard the folder; null when another guardian's server runs already. */
async function takePost(folder: RedisFolder): Promise<FileLock | null> {
  const deadline = Date.now() + POST_TIMEOUT_MS
  for (;;) {
    const post = await lockWithin(() => tryOwnFile(folder.guardian), 500)
    if (post) return post
    if (await findRunning(folder)) return null
    if (Date.now() > deadline) throw new Error('another guardian holds the folder, and its server does not answer')
  }
}

async function shutDown(url: string): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0, socketTimeout: 15_000 })
  redis.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => redis.once('end', () => resolve()))
  // The reply to SHUTDOWN is the end of the connection.
  await redis.shutdown().catch(() => undefined)
  await closed
}
