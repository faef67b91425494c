import { newRunId, RunSettings } from '@toolwright/contracts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { RunWish } from '../../run-client.ts'

/** A run that reads from a pipe and writes to one. */
export interface LightClient {
  /** Writes one request and waits for its result line. Returns how long that took, in milliseconds, and the answer. */
  ask(text: string): Promise<{ ms: number; answer: string | null }>
  close(): Promise<void>
}

export function openLightClient(root: string, environment: NodeJS.ProcessEnv): LightClient {
  const wish: RunWish = {
    input: '-',
    output: null,
    errors: null,
    run: newRunId(),
    limit: null,
    settings: RunSettings.parse({ v: 1 }),
    json: false,
  }
  const client = spawn(process.execPath, [join(root, 'apps/producer/src/run-main.ts'), JSON.stringify(wish)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: environment,
  })
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]()
  const exited = once(client, 'exit')
  return {
    ask: async (text) => {
      const startedAt = performance.now()
      client.stdin.write(`${JSON.stringify({ input: text })}\n`)
      const { value } = await lines.next()
      const ms = performance.now() - startedAt
      if (typeof value !== 'string') throw new Error('the run ended before it had answered')
      return { ms, answer: answerIn(value) }
    },
    close: async () => {
      client.stdin.end()
      await exited
    },
  }
}

/** The answer in an output line; null where it is none. */
function answerIn(line: string): string | null {
  const parsed: { response?: { body?: { choices?: { message: { content: string } }[] } } | null } = JSON.parse(line)
  return parsed.response?.body?.choices?.[0]?.message.content ?? null
}
