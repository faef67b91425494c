import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'

const MODULE = JSON.stringify(new URL('./shutdown.ts', import.meta.url).href)
const ENVIRONMENT = JSON.stringify(new URL('./environment.ts', import.meta.url).href)

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

interface Running {
  child: ChildProcess
  /** Resolves once stdout holds `text`. */
  said(text: string): Promise<void>
  /** Resolves once the process, and all that hold its stdout, are gone. */
  end(): Promise<{ code: number | null; stdout: string; stderr: string }>
}

function node(code: string): Running {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', code], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part))
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part))
  const closed = once(child, 'close')
  return {
    child,
    async said(text) {
      while (!stdout.includes(text)) {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode} and never said ${text}: ${stdout}${stderr}`)
        await Promise.race([once(child.stdout, 'data'), closed])
      }
    },
    async end() {
      await closed
      return { code: child.exitCode, stdout, stderr }
    },
  }
}

/** A process that works until it is told to stop. */
function running(start: string, options = ''): Running {
  return node(`
    import { runUntilStopped } from ${MODULE}
    import { ConfigurationError } from ${ENVIRONMENT}
    await runUntilStopped({ stage: 'test'${options} }, async (lifetime) => { ${start} })`)
}

const WORK = `
  setInterval(() => {}, 1000)
  for (const name of ['redis', 'worker']) lifetime.closeLater(name, async () => {
    // Closing takes turns of the event loop, in which a broken pipe can show.
    await new Promise((resolve) => setTimeout(resolve, 20))
    console.log('closed', name, lifetime.signal.aborted)
  })
  console.log('started')`

/** A process with an IPC channel to a child that works. */
function parentOf(options: string): Running {
  const child = `
    import { runUntilStopped } from ${MODULE}
    await runUntilStopped({ stage: 'child'${options} }, async (lifetime) => { ${WORK} })`
  return node(`
    import { spawn } from 'node:child_process'
    const stdio = ['ignore', 'inherit', 'pipe', 'ipc']
    spawn(process.execPath, ['--input-type=module-typescript', '--eval', ${JSON.stringify(child)}], { stdio })`)
}

describe('signals', () => {
  test.each([
    ['SIGTERM', 0],
    ['SIGHUP', 0],
    ['SIGINT', 130],
  ] as const)('%s closes in reverse order and exits with %i', async (signal, code) => {
    const process = running(WORK)
    await process.said('started')
    process.child.kill(signal)
    expect(await process.end()).toMatchObject({ code, stdout: 'started\nclosed worker true\nclosed redis true\n' })
  })

  test('the second one exits at once', async () => {
    const process = running(`${WORK}; lifetime.closeLater('stuck', () => { console.log('closing'); return new Promise(() => {}) })`)
    await process.said('started')
    process.child.kill('SIGTERM')
    await process.said('closing')
    process.child.kill('SIGTERM')
    expect((await process.end()).code).toBe(143)
  })

  test('one that comes while starting has the start finish or fail, then closes what is open', async () => {
    const process = running(
      `${WORK}; await new Promise((_, reject) => lifetime.signal.addEventListener('abort', () => reject(lifetime.signal.reason)))`,
    )
    await process.said('started')
    process.child.kill('SIGTERM')
    const { code, stdout, stderr } = await process.end()
    expect([code, stdout]).toEqual([0, 'started\nclosed worker true\nclosed redis true\n'])
    expect(stderr).not.toContain('could not start')
  })
})

test('what does not close in time is named, and the exit code is 1', async () => {
  const process = running(`${WORK}; lifetime.closeLater('stuck', () => new Promise(() => {}))`, ', deadlineMs: 100')
  await process.said('started')
  process.child.kill('SIGTERM')
  const { code, stderr } = await process.end()
  expect(code).toBe(1)
  expect(stderr).toContain('"waitingFor":"stuck"')
})

test('a close that fails keeps no other from closing', async () => {
  const process = running(`${WORK}; lifetime.closeLater('bad', () => { throw new Error('no way') }); lifetime.stop('enough')`)
  const { code, stdout, stderr } = await process.end()
  expect([code, stdout]).toEqual([1, 'started\nclosed worker true\nclosed redis true\n'])
  expect(stderr).toContain('no way')
})

test('it can be stopped from inside, with an exit code', async () => {
  expect(await running(`${WORK}; lifetime.stop('enough', 4)`).end()).toMatchObject({ code: 4 })
})

describe('errors', () => {
  test('a start that fails closes what it had opened and exits with 1', async () => {
    const { code, stdout, stderr } = await running(`${WORK}; throw new Error('no Redis')`).end()
    expect([code, stdout]).toEqual([1, 'started\nclosed worker true\nclosed redis true\n'])
    expect(stderr).toContain('no Redis')
  })

  test('a configuration error is told in plain words and exits with 5', async () => {
    const { code, stderr } = await running(`throw new ConfigurationError(['REDIS_URL is not set; set it'])`).end()
    expect(code).toBe(5)
    expect(stderr).toMatch(/^REDIS_URL is not set; set it$/m)
  })

  test.each([
    ['unhandled rejection', `void Promise.reject(new Error('lost'))`],
    ['uncaught exception', `setImmediate(() => { throw new Error('lost') })`],
  ])('an %s is logged and exits with 1', async (what, code) => {
    const end = await running(`${WORK}; ${code}`).end()
    expect(end.code).toBe(1)
    expect(end.stderr).toContain(`"message":"${what}"`)
    expect(end.stderr).toContain('lost')
  })
})

describe('followParent', () => {
  test('closes when the parent is killed with -9, broken pipes and all', async () => {
    const parent = parentOf(', followParent: true')
    await parent.said('started')
    parent.child.kill('SIGKILL')
    expect((await parent.end()).stdout).toBe('started\nclosed worker true\nclosed redis true\n')
  })

  test('follows nobody where there is no channel', async () => {
    const process = running(WORK, ', followParent: true')
    await process.said('started')
    process.child.kill('SIGTERM')
    expect((await process.end()).code).toBe(0)
  })
})
