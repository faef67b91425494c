import { spawn } from 'node:child_process'
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockWithin, tryOwnFile } from './redis/file-lock.ts'
import { which } from './redis/server-program.ts'

export type Unpacked<T> = { status: 'found'; found: T } | { status: 'none'; reason: string }

export interface Unpacking<T> {
  /** Keeps what is unpacked, and apt's log. */
  folder: string
  /** For people, such as "Redis". */
  what: string
  /** Sets of packages, the first that will do is kept. `isAlone`: without what they depend on. */
  candidates: { packages: string[]; isAlone: boolean }[]
  /** What is wanted, in a folder that stands for `/`; null where it is not there or does not run. */
  find: (root: string) => Promise<T | null>
  environment: NodeJS.ProcessEnv
  log: (line: string) => void
}

/**
 * Unpacks packages of the system's own into `folder`, for any user and without installing anything: apt resolves and downloads them, `dpkg -x` unpacks. What was
 * unpacked before is found again. The lists of available packages are the system's, or, where those are missing or too old, private ones.
 */
export async function unpackWithApt<T>(unpacking: Unpacking<T>): Promise<Unpacked<T>> {
  const { folder, what, find, environment, log } = unpacking
  const apt = which('apt-get', environment)
  const dpkg = which('dpkg', environment)
  if (!apt || !dpkg) return { status: 'none', reason: 'this system has no apt to get one with' }
  const lock = await lockWithin(() => tryOwnFile(join(folder, 'apt.lock')), 10 * 60_000)
  if (!lock) return { status: 'none', reason: 'another start has been unpacking it for ten minutes' }
  try {
    const known = await find(join(folder, 'unpacked'))
    if (known) return { status: 'found', found: known }
    log(`downloading ${what} with apt, and unpacking it into the data folder (once)`)
    return await download(unpacking, { apt, dpkg })
  } finally {
    lock.release()
  }
}

async function download<T>(
  { folder, candidates, find, environment }: Unpacking<T>,
  { apt, dpkg }: { apt: string; dpkg: string },
): Promise<Unpacked<T>> {
  const logFile = join(folder, 'apt.log')
  const work = join(folder, 'work')
  const archives = join(work, 'cache', 'archives')
  const run = (command: string, args: string[]) => runLogged(command, args, { logFile, environment, folder: archives })
  rmSync(logFile, { force: true })
  rmSync(work, { recursive: true, force: true })
  for (const lists of ['system', 'private'] as const) {
    const conf = prepare(work, lists)
    if (lists === 'private' && (await run(apt, ['-c', conf, 'update'])) !== 0) break
    for (const { packages, isAlone } of candidates) {
      // "download" leaves a package in the folder where it is run. --reinstall: an installed part would otherwise be missing from what is unpacked.
      const how = isAlone ? ['download'] : ['--yes', '--download-only', '--reinstall', 'install']
      if ((await run(apt, ['-c', conf, ...how, ...packages])) !== 0) continue
      const root = join(work, 'root')
      for (const archive of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
        if ((await run(dpkg, ['-x', join(archives, archive), root])) !== 0) return { status: 'none', reason: `dpkg failed, see ${logFile}` }
        rmSync(join(archives, archive))
      }
      if (!(await find(root))) continue
      const unpacked = join(folder, 'unpacked')
      rmSync(unpacked, { recursive: true, force: true })
      renameSync(root, unpacked)
      rmSync(work, { recursive: true, force: true })
      const found = await find(unpacked)
      if (found) return { status: 'found', found }
    }
  }
  rmSync(work, { recursive: true, force: true })
  return { status: 'none', reason: `apt did not give one, see ${logFile}` }
}

/** Where the libraries of an unpacked folder are, for LD_LIBRARY_PATH. */
export function libraryFolders(root: string): string[] {
  return ['lib', 'usr/lib']
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => [
      folder,
      ...readdirSync(folder)
        .filter((name) => name.includes('-linux-'))
        .map((name) => join(folder, name)),
    ])
}

/** Folders and a configuration for apt that keep everything it writes in `work`; returns the configuration's path. */
function prepare(work: string, lists: 'system' | 'private'): string {
  for (const folder of ['cache/archives/partial', 'lists/partial', 'log', 'root']) mkdirSync(join(work, folder), { recursive: true })
  const conf = join(work, 'apt.conf')
  writeFileSync(conf, aptConfig(work, lists))
  return conf
}

/** Read by apt after the system's own configuration, hence the last word. */
export function aptConfig(work: string, lists: 'system' | 'private'): string {
  return [
    `Dir::Cache ${JSON.stringify(join(work, 'cache'))};`,
    'Dir::Cache::archives "archives/";',
    // Images of containers switch these off; without them every call parses all lists again.
    'Dir::Cache::pkgcache "pkgcache.bin";',
    'Dir::Cache::srcpkgcache "srcpkgcache.bin";',
    `Dir::Log ${JSON.stringify(join(work, 'log'))};`,
    ...(lists === 'private' ? [`Dir::State::lists ${JSON.stringify(join(work, 'lists'))};`] : []),
    // The system's locks guard what we do not touch, and are root's.
    'Debug::NoLocking "true";',
    // apt's own unprivileged user could not write here.
    'APT::Sandbox::User "root";',
    'APT::Install-Recommends "false";',
    'Acquire::Languages "none";',
    'Acquire::Retries "2";',
    'Acquire::http::Timeout "30";',
    'Acquire::https::Timeout "30";',
    // Hooks that system packages add would write to the system.
    ...[
      'APT::Update::Pre-Invoke',
      'APT::Update::Post-Invoke',
      'APT::Update::Post-Invoke-Success',
      'DPkg::Pre-Install-Pkgs',
      'DPkg::Pre-Invoke',
      'DPkg::Post-Invoke',
    ].map((hook) => `#clear ${hook};`),
    '',
  ].join('\n')
}

function runLogged(
  command: string,
  args: string[],
  { logFile, environment, folder }: { logFile: string; environment: NodeJS.ProcessEnv; folder: string },
): Promise<number> {
  appendFileSync(logFile, `\n$ ${[command, ...args].join(' ')}\n`)
  const log = openSync(logFile, 'a')
  return new Promise<number>((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: folder,
      stdio: ['ignore', log, log],
      env: { ...environment, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
      timeout: 5 * 60_000,
    })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  }).finally(() => closeSync(log))
}
