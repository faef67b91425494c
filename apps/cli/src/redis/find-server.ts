import { isRecentEnough } from '@toolwright/queues'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { libraryFolders, unpackWithApt } from '../apt.ts'
import { CommandError, EXIT } from '../exit-codes.ts'
import { makeDataFolder } from '../folders.ts'
import { outputOf, versionOf, which, type ServerProgram } from './server-program.ts'

export interface Search {
  /** Holds what is downloaded; shared by all data folders of a checkout. */
  cacheFolder: string
  /** For the programs that are tried; its PATH is where they are looked for. */
  environment: NodeJS.ProcessEnv
  log: (line: string) => void
}

/** Their packages on Debian and Ubuntu. */
const SERVERS = [
  { server: 'redis-server', tools: 'redis-tools' },
  { server: 'valkey-server', tools: 'valkey-tools' },
] as const

/** A Redis or Valkey >= 6.2: on the PATH, unpacked from the system's packages, or in a container. Throws one sentence when there is none. */
export async function findServer({ cacheFolder, environment, log }: Search): Promise<ServerProgram> {
  const installed = await findOnPath(environment)
  if (installed) return installed
  const folder = join(cacheFolder, 'redis')
  makeDataFolder(folder)
  const unpacked = await unpackWithApt({
    folder,
    what: 'Redis',
    candidates: SERVERS.map(({ server, tools }) => ({ packages: [server, tools], isAlone: false })),
    find: (root) => findUnpacked(root, environment),
    environment,
    log,
  })
  if (unpacked.status === 'found') return unpacked.found
  const engine = await findEngine(environment)
  if (engine) return { runs: 'container', name: `valkey in ${engine.name}`, command: engine.command }
  throw new CommandError(EXIT.dependencyDown, `there is no Redis here: ${advice(process.platform, unpacked.reason)}`)
}

/** The server in an unpacked folder, if it starts there and is recent enough. */
async function findUnpacked(root: string, environment: NodeJS.ProcessEnv): Promise<ServerProgram | null> {
  for (const { server } of SERVERS) {
    const command = join(root, 'usr', 'bin', server)
    if (!existsSync(command)) continue
    const env = { LD_LIBRARY_PATH: libraryFolders(root).join(delimiter) }
    const version = await versionOf(command, { ...environment, ...env })
    if (version && isRecentEnough(version)) return { runs: 'program', name: `${server} ${version}`, command, env }
  }
  return null
}

/** The first program of the PATH that starts and is recent enough. */
async function findOnPath(environment: NodeJS.ProcessEnv): Promise<ServerProgram | null> {
  for (const name of ['valkey-server', 'redis-server']) {
    const command = which(name, environment)
    if (!command) continue
    const version = await versionOf(command, environment)
    if (version && isRecentEnough(version)) return { runs: 'program', name: `${name} ${version}`, command, env: {} }
  }
  return null
}

async function findEngine(environment: NodeJS.ProcessEnv): Promise<{ name: string; command: string } | null> {
  for (const name of ['docker', 'podman']) {
    const command = which(name, environment)
    // The program alone is not enough: docker needs its daemon, and the user the right to talk to it.
    if (command && (await outputOf(command, ['info'], environment)) !== null) return { name, command }
  }
  return null
}

function advice(platform: NodeJS.Platform, aptReason: string): string {
  if (platform === 'darwin') return 'run "brew install valkey", or set REDIS_URL to a Redis >= 6.2'
  return `install valkey or redis >= 6.2, or start docker or podman, or set REDIS_URL (${aptReason})`
}
