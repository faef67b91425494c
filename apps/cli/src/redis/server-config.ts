import { posix } from 'node:path'
import { ACL_FILE } from './state.ts'

const GIBIBYTE = 2 ** 30

export interface ServerPlace {
  /** The address to listen on: the loopback one, or all of a container's own. */
  bind: string
  port: number
  dataFolder: string
  maxMemoryBytes: number
}

/** The private server's configuration file. */
export function serverConfig({ bind, port, dataFolder, maxMemoryBytes }: ServerPlace): string {
  return [
    `bind ${bind}`,
    `port ${port}`,
    'protected-mode yes',
    `dir ${quoted(dataFolder)}`,
    // Users and their passwords: written before each start.
    `aclfile ${quoted(posix.join(dataFolder, ACL_FILE))}`,
    'daemonize no',
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    `maxmemory ${maxMemoryBytes}`,
    // Evicting a key would lose a job.
    'maxmemory-policy noeviction',
    // Jobs of up to 2 KB stay compact (27 to 40 % less memory). The name before Redis 7, which later ones still take.
    'hash-max-ziplist-value 2048',
    '',
  ].join('\n')
}

/** Half of what this process may use of the machine, at the most 4 GiB. `limitBytes` is a container's limit (0: none). */
export function memoryShare(machineBytes: number, limitBytes: number): number {
  const usable = limitBytes > 0 ? Math.min(machineBytes, limitBytes) : machineBytes
  return Math.min(Math.floor(usable / 2), 4 * GIBIBYTE)
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
