import { findServer } from '@toolwright/cli/src/redis/find-server.ts'
import { allowExecutor, connectRedis, executorUser, type RedisConnection } from '@toolwright/queues'
import { validate } from 'dockerfile-utils'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { copyContext, DOCKERFILE, readDockerfile, ROOT } from './dockerfile.ts'
import { until } from './pipeline.ts'

/** Only root can start a process as somebody else. Who has no name, home or group on any machine may do as little as anybody could; others lose the right to write the trees instead. */
const isRoot = process.getuid?.() === 0
const SOMEBODY = isRoot ? { uid: 61_234, gid: 61_234 } : {}
const CACHE = process.env['TOOLWRIGHT_CACHE'] ?? join(ROOT, '.toolwright/cache')
const PASSWORD = 'a-password'
const EXECUTOR_PASSWORD = 'another-password'
const WHERE = { TOOLWRIGHT_PREFIX: 'image', TOOLWRIGHT_SPACE: 'test' }
/** None is called. */
const MODELS = { OPENAI_BASE_URL: 'http://127.0.0.1:9', TOOLWRIGHT_STRONG_MODEL: 'strong', TOOLWRIGHT_LIGHT_MODEL: 'light' }

const plan = readDockerfile()
const folder = mkdtempSync(join(isRoot ? '/tmp' : tmpdir(), 'toolwright-image-'))
// Another user must find its way in, which the folder of these tests keeps to itself.
chmodSync(folder, 0o755)
const node = join(folder, 'node')
const context = join(folder, 'context')
const living: ChildProcess[] = []
let redis: RedisConnection
let port: number

afterAll(() => {
  execFileSync('chmod', ['-R', 'u+w', folder])
  rmSync(folder, { recursive: true, force: true })
})

test('the Dockerfile has no fault that its linter knows', () => {
  expect(validate(readFileSync(DOCKERFILE, 'utf8'))).toEqual([])
})

test('the Dockerfile runs the app without a shell, as a user who is not root, and stops it with SIGTERM', () => {
  expect(plan.user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
  expect([plan.entrypoint[0], plan.healthCheck[0], plan.stopSignal]).toEqual(['node', 'node', 'SIGTERM'])
})

test('says which apps there are when it is asked to assemble another', () => {
  const { status, stderr } = spawnSync(process.execPath, ['infra/assemble.ts', 'executer', join(folder, 'none')], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  expect(status).toBe(1)
  expect(stderr).toMatch(/^assemble: usage: node infra\/assemble.ts APP OUT, where APP is .*executor.*; got "executer"\n$/)
})

describe('without Docker, as a user who is not root', () => {
  beforeAll(async () => {
    copyFileSync(process.execPath, node)
    chmodSync(node, 0o755)
    copyContext(context)
    await startRedis()
  }, 60_000)

  afterAll(async () => {
    redis?.disconnect()
    for (const child of living) if (child.exitCode === null && child.signalCode === null) await killed(child)
  })

  test("start-redis.sh gives the executors' user what the command line gives it, and no more", async () => {
    const user = executorUser(WHERE.TOOLWRIGHT_PREFIX, WHERE.TOOLWRIGHT_SPACE)
    const users = async () => (await redis.acl('LIST')).find((line) => line.startsWith(`user ${user.name} `))
    const written = await users()
    await allowExecutor(redis, user, EXECUTOR_PASSWORD)
    // What a user gets who is set in a connection, and concerns no command that this one may use.
    expect(written).toBe((await users())?.replace(' sanitize-payload', ''))
    expect(written).toMatch(/^user executor\.image\.test on /)
  })

  test.each(['producer', 'user', 'maker', 'executor', 'exporter', 'simulator'])(
    'the %s becomes ready on a tree that it cannot write, without a home, and stops on SIGTERM',
    { timeout: 180_000 },
    async (app) => {
      const tree = join(folder, app)
      assemble(app, tree)
      if (!isRoot) execFileSync('chmod', ['-R', 'a-w', tree])
      const before = listOf(tree)
      expect(writableIn(tree)).toEqual([])

      const container = app === 'simulator' ? await simulatorContainer() : await stageContainer(app)
      const { child, log, environment } = start(app, tree, container)
      const ready = () => spawnSync(node, container.healthCheck.slice(1).map(inTree(tree)), { env: environment, encoding: 'utf8' })
      await until(`the ${app} is ready`, () => {
        if (child.exitCode !== null) throw new Error(`the ${app} ended with ${child.exitCode}:\n${log()}`)
        return ready().status === 0
      })
      expect(ready().stdout).toMatch(container.ready)
      // The executor's is in the tree.
      expect(log()).not.toContain('built the image of the interpreter')

      child.kill(plan.stopSignal as NodeJS.Signals)
      await once(child, 'exit')
      expect([child.exitCode, child.signalCode, log().includes('"level":"error"')], log()).toEqual([0, null, false])
      expect(ready().status).toBe(1)
      expect(listOf(tree)).toEqual(before)
    },
  )
})

/** What a container is started with, beside what the Dockerfile says. */
interface Container {
  environment: Record<string, string>
  command: string[]
  healthCheck: string[]
  /** What the health check prints. */
  ready: RegExp
}

async function stageContainer(app: string): Promise<Container> {
  const user = app === 'executor' ? executorUser(WHERE.TOOLWRIGHT_PREFIX, WHERE.TOOLWRIGHT_SPACE).name : 'default'
  const environment = {
    ...WHERE,
    TOOLWRIGHT_METRICS_PORT: String(await freePort()),
    TOOLWRIGHT_CONCURRENCY: '1',
    ...((app === 'user' || app === 'maker') && MODELS),
    REDIS_URL: `redis://${user}:${app === 'executor' ? EXECUTOR_PASSWORD : PASSWORD}@127.0.0.1:${port}`,
  }
  return { environment, command: [], healthCheck: plan.healthCheck, ready: /^200 ready\n$/ }
}

/** As compose.yaml has it, but for the port. */
async function simulatorContainer(): Promise<Container> {
  const Compose = z.object({
    services: z.object({ simulator: z.object({ command: z.array(z.string()), healthcheck: z.object({ test: z.array(z.string()) }) }) }),
  })
  const { simulator } = Compose.parse(parse(readFileSync(join(ROOT, 'infra/compose.yaml'), 'utf8'), { merge: true })).services
  const own = String(await freePort())
  const [, ...healthCheck] = simulator.healthcheck.test.map((word) => word.replace(':8080/', `:${own}/`))
  return { environment: {}, command: simulator.command.map((word) => word.replace(/^8080$/, own)), healthCheck, ready: /^200 \{/ }
}

/** The step of the Dockerfile, as it stands there, on what a build is sent. */
function assemble(app: string, tree: string): void {
  const store = process.env['pnpm_config_store_dir'] ?? join(CACHE, 'pnpm-store')
  const command = plan.assemble.replace('/pnpm-store', store).replace(/ \/tree$/, ` ${tree}`)
  // pnpm keeps its locks there, and would make a folder elsewhere.
  const runtime = join(folder, 'runtime')
  mkdirSync(runtime, { recursive: true })
  execFileSync('sh', ['-c', command], { cwd: context, env: { ...process.env, APP: app, XDG_RUNTIME_DIR: runtime }, stdio: 'pipe' })
}

function start(app: string, tree: string, container: Container) {
  const home = join(folder, `${app}-data`)
  mkdirSync(home)
  if (SOMEBODY.uid !== undefined) chownSync(home, SOMEBODY.uid, SOMEBODY.gid)
  const environment = {
    ...Object.fromEntries(Object.entries(plan.environment).map(([name, value]) => [name, inTree(tree)(value)])),
    PATH: process.env['PATH'] ?? '',
    HOME: '',
    TMPDIR: home,
    TOOLWRIGHT_HOME: home,
    ...container.environment,
  }
  const cwd = inTree(tree)(plan.folder).replace('${APP}', app)
  const child = spawn(node, [...plan.entrypoint.slice(1), ...container.command], {
    cwd,
    env: environment,
    ...SOMEBODY,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  living.push(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  return { child, log: () => text, environment }
}

function inTree(tree: string): (path: string) => string {
  return (path) => path.replace('/opt/toolwright', tree)
}

/** All that is there, with size and time of change. */
function listOf(tree: string): string[] {
  return readdirSync(tree, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name)
    const stats = entry.isFile() ? statSync(path) : null
    // An owner's executor notes when it last used an image, by its time; nobody else can.
    return `${relative(tree, path)} ${stats?.size} ${isRoot ? stats?.mtimeMs : ''}`
  })
}

/** What of the tree that user could change. */
function writableIn(tree: string): string[] {
  const tried = spawnSync('find', [tree, '-not', '-type', 'l', '-writable', '-print'], {
    ...SOMEBODY,
    encoding: 'utf8',
  })
  if (tried.status !== 0) throw new Error(`the user cannot look through the tree: ${tried.stderr}`)
  return tried.stdout.split('\n').filter((line) => line !== '')
}

/** As compose.yaml does, with a Redis of this machine. */
async function startRedis(): Promise<void> {
  const program = await findServer({ cacheFolder: CACHE, environment: process.env, log: () => undefined })
  if (program.runs !== 'program') throw new Error('this test starts a server of its own: install redis-server or valkey-server')
  const programs = join(folder, 'programs')
  const data = join(folder, 'redis')
  for (const each of [programs, data]) mkdirSync(each)
  symlinkSync(program.command, join(programs, 'redis-server'))
  port = await freePort()
  const server = spawn('sh', [join(ROOT, 'infra/start-redis.sh'), '--port', String(port), '--bind', '127.0.0.1'], {
    cwd: data,
    env: {
      ...process.env,
      ...program.env,
      ...WHERE,
      PATH: `${programs}${delimiter}${process.env['PATH']}`,
      TMPDIR: data,
      REDIS_PASSWORD: PASSWORD,
      EXECUTOR_REDIS_PASSWORD: EXECUTOR_PASSWORD,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  living.push(server)
  let said = ''
  server.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  await until('Redis accepts connections', () => {
    if (server.exitCode !== null) throw new Error(`start-redis.sh ended with ${server.exitCode}: ${said}`)
    return said.includes('Ready to accept connections')
  })
  redis = connectRedis(`redis://default:${PASSWORD}@127.0.0.1:${port}`, { patient: false, name: 'tests' })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('there is no free port')
  return address.port
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
