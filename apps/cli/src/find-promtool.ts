import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { unpackWithApt } from './apt.ts'
import { makeDataFolder } from './folders.ts'
import { which } from './redis/server-program.ts'

/** Prometheus' own judge of metrics, which a test asks: on the PATH, or unpacked from the system's package into the cache; null where there is none to be had. */
export async function findPromtool(
  cacheFolder: string,
  environment: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<string | null> {
  const installed = which('promtool', environment)
  if (installed) return installed
  const folder = join(cacheFolder, 'promtool')
  makeDataFolder(folder)
  const unpacked = await unpackWithApt({
    folder,
    what: 'promtool (Prometheus)',
    candidates: [{ packages: ['prometheus'], isAlone: true }],
    find: (root) => {
      const program = join(root, 'usr', 'bin', 'promtool')
      return Promise.resolve(existsSync(program) ? program : null)
    },
    environment,
    log,
  })
  return unpacked.status === 'found' ? unpacked.found : null
}
