import { connectRedis, executorUser, inspectRedis, keyPrefixes, urlOfExecutor } from '@toolwright/queues'
import { type RedisAddress, readRedisUrl, redisUrlFor, shownRedisUrl } from '@toolwright/runtime'
import type { Environment } from '../env.ts'
import { CommandError } from '../exit-codes.ts'
import { stageUrls, type StageUrls } from '../redis/stage-urls.ts'
import type { UsedRedis } from '../redis/use-redis.ts'
import type { Finding } from './finding.ts'

const SUBJECT = 'executor'

type Place = Pick<Environment, 'prefix' | 'space' | 'executorRedisUrl'>

/** With which user executors connect, and whether that is kept to what they need: tried out, with commands that read. */
export async function checkExecutorUser(redis: Pick<UsedRedis, 'url' | 'isPrivate'>, place: Place): Promise<Finding> {
  let urls: StageUrls
  try {
    urls = await stageUrls(redis, place)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { status: 'fail', subject: SUBJECT, says: error.message, mend: 'mend that, then run this again', cause: 'configuration' }
  }
  const misplaced = await misplacementOf(urls)
  if (misplaced !== null) {
    const mend = `make the user with redis-cli, or correct the URL:\n${recipe(urls.url, place)}`
    return { status: 'fail', subject: SUBJECT, says: misplaced, mend, cause: 'configuration' }
  }
  const { isServing, reaches } = await reachOf(urls.executorUrl, place)
  const name = readRedisUrl(urls.executorUrl).login.username || 'default'
  if (!isServing) {
    const says = `the user "${name}" of executors may not use the queues of space ${place.space}, so no code would run`
    return { status: 'fail', subject: SUBJECT, says, mend: `give it its rules:\n${recipe(urls.url, place)}`, cause: 'configuration' }
  }
  if (reaches.length === 0) {
    if (await isOpenToAll(urls.executorUrl, place)) {
      const says = `executors connect as "${name}", but this Redis lets anybody in without a password, so code that broke out of the sandbox would need no user`
      const mend = `give its default user a password (ACL SETUSER default resetpass '>PASSWORD'), and REDIS_URL too`
      return { status: 'warn', subject: SUBJECT, says, mend }
    }
    return { status: 'ok', subject: SUBJECT, says: `executors connect as "${name}", which reaches the queues that they serve and no more` }
  }
  const who =
    urls.executorUrl === urls.url ? `executors connect with the user of all (REDIS_URL, "${name}")` : `executors connect as "${name}"`
  const says = `${who}, which reaches ${reaches.join(', ')}: code that broke out of the sandbox could too`
  return { status: 'warn', subject: SUBJECT, says, mend: `give them a user of their own:\n${recipe(urls.url, place)}` }
}

/** Why the executors' URL does not lead to where the others are; null when it does. */
async function misplacementOf({ url, executorUrl }: StageUrls): Promise<string | null> {
  if (executorUrl === url) return null
  const what = `TOOLWRIGHT_EXECUTOR_REDIS_URL (${shownRedisUrl(executorUrl)})`
  try {
    const [theirs, others] = await Promise.all([executorUrl, url].map(runIdsOf))
    if (theirs !== others) return `${what} is another Redis than that of REDIS_URL`
  } catch (error) {
    return `${what} does not answer: ${error instanceof Error ? error.message : String(error)}`
  }
  return databaseOf(executorUrl) === databaseOf(url) ? null : `${what} names another database than REDIS_URL`
}

/** Whether a connection that gives neither user nor password reaches what executors should not. */
async function isOpenToAll(url: string, place: Place): Promise<boolean> {
  const open = redisUrlFor(url, { username: '', password: '' })
  try {
    await inspectRedis(open)
  } catch {
    // It answered with the password a moment ago: without one it refuses.
    return false
  }
  return (await reachOf(open, place)).reaches.length > 0
}

async function runIdsOf(url: string): Promise<string> {
  const servers = await inspectRedis(url)
  return servers
    .map(({ runId }) => runId)
    .toSorted()
    .join(' ')
}

function databaseOf(url: string): number {
  const address = readRedisUrl(url)
  return address.form === 'cluster' ? 0 : address.database
}

/** Users are not replicated. */
const ON_WHICH: Record<RedisAddress['form'], string> = {
  socket: '',
  server: ', and on its replicas, where it has any',
  cluster: ', on every server of the Cluster, masters and replicas',
  sentinel: ', on the master and on each of its replicas',
}

async function reachOf(executorUrl: string, { prefix, space }: Place): Promise<{ isServing: boolean; reaches: string[] }> {
  const prefixes = keyPrefixes(prefix, space)
  const redis = connectRedis(executorUrl, { patient: false, name: 'toolwright-cli' })
  const mayRead = async (...keys: string[]) => {
    try {
      await redis.exists(...keys)
      return true
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('NOPERM')) return false
      throw error
    }
  }
  const key = (queue: string) => `${prefixes.queues}:${queue}:meta`
  const forbidden = {
    'the registry with tools, examples and the ledger': `${prefixes.registry}kinds`,
    'the requests': key('requests'),
    'the direct queue': key('direct'),
    results: key('results-r-aaaaaaaaaa'),
  }
  try {
    const reaches: string[] = []
    for (const [what, one] of Object.entries(forbidden)) if (await mayRead(one)) reaches.push(what)
    return { isServing: await mayRead(key('execution'), key('user'), key('maker')), reaches }
  } finally {
    redis.disconnect()
  }
}

/** What to run and to set, for people to copy: quoted as redis-cli and a shell read it. */
function recipe(url: string, { prefix, space }: Place): string {
  const user = executorUser(prefix, space)
  const words = ['ACL', 'SETUSER', user.name, 'reset', '>PASSWORD', ...user.rules]
  const command = words.map((word) => (/^[\w.+@-]+$/.test(word) ? word : `'${word}'`)).join(' ')
  const setting = `TOOLWRIGHT_EXECUTOR_REDIS_URL=${urlOfExecutor(url, user, 'PASSWORD')}`
  return `         ${command}
         ${setting}
       with a PASSWORD of your own${ON_WHICH[readRedisUrl(url).form]}, and kept over a restart of Redis by ACL SAVE or CONFIG REWRITE`
}
