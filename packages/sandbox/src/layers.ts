import { spawn } from 'node:child_process'

/** What keeps a tool in, layer by layer. All on by default; each can be left out, so that what it stops by itself can be shown. */
export interface Layers {
  /** Nothing of Pyodide's JavaScript in the child, and only the gate's imports answer. Without it there is no reset either. */
  gate: boolean
  /** No `js`, `pyodide`, `ctypes` and their like for Python. */
  modules: boolean
  /** Node's permission model: no file, process, thread, add-on or network; no code from strings, no SQLite; an empty environment. */
  permission: boolean
  /** What the operating system adds: see `Isolation`. */
  isolation: boolean
}

export const ALL_LAYERS: Layers = { gate: true, modules: true, permission: true, isolation: true }

/** What of the operating system's means is in force. */
export interface Isolation {
  /** A network namespace with nothing in it. */
  network: boolean
  /** A process namespace: no other process can be signalled. */
  processes: boolean
  /** Another user, who owns nothing; only a process that runs as root can give itself up like this. */
  user: boolean
  /** No way to more rights through set-user-id programs. */
  noNewPrivileges: boolean
  /** No file may grow, few descriptors, no core dump. */
  limits: boolean
  /** Children are killed when the process that started them is gone, whatever they do. */
  endsWithParent: boolean
}

const NOBODY = 65_534
const PROBE_TIMEOUT_MS = 10_000

const CONSEQUENCES: Record<keyof Isolation, string> = {
  network: 'a tool that broke out of the interpreter and of Node could reach the network',
  processes: 'a tool that broke out could send signals to processes of the same user',
  user: 'a tool that broke out would act as the user who runs the executor',
  noNewPrivileges: 'a tool that broke out could use set-user-id programs',
  limits: 'a tool that broke out could fill the disk',
  endsWithParent: 'a tool that runs while its executor is killed goes on for some seconds more',
}

/** What to put before a command so that it runs isolated, as far as this platform allows; found out by trying. */
export async function findIsolation(): Promise<{ isolation: Isolation; prefix: string[] }> {
  const isRoot = process.getuid?.() === 0
  const asUser = isRoot ? [] : ['--user', '--map-current-user']
  const namespaces = [
    ['unshare', ...asUser, '--net', '--ipc', '--pid', '--fork', '--kill-child=SIGKILL'],
    ['unshare', ...asUser, '--net'],
  ]
  // A process that changes its user forgets to die with its parent: `unshare` alone would leave it behind.
  const noNewPrivileges = ['setpriv', '--pdeathsig=KILL', '--no-new-privs', '--inh-caps=-all']
  const users = [
    ...(isRoot ? [[...noNewPrivileges, '--bounding-set=-all', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']] : []),
    noNewPrivileges,
  ]
  const limits = [['prlimit', '--core=0', '--fsize=0', '--nofile=64']]
  // The first of the chain needs it too: that is what this process starts.
  const tied = [['setpriv', '--pdeathsig=KILL']]
  const [space, user, limit, tie] = await Promise.all([namespaces, users, limits, tied].map(firstThatWorks))
  return {
    isolation: {
      network: space !== undefined,
      processes: space?.includes('--pid') === true,
      user: user?.includes('--clear-groups') === true,
      noNewPrivileges: user !== undefined,
      limits: limit !== undefined,
      endsWithParent: tie !== undefined && user !== undefined,
    },
    prefix: [tie, space, user, limit].flatMap((command) => command ?? []),
  }
}

/** One sentence for each layer that is missing here, with what that means. A user of one's own is missed only where it could be had. */
export function missingLayers(layers: Layers, isolation: Isolation): string[] {
  if (!layers.isolation) return ['isolation by the operating system is switched off']
  const isRoot = process.getuid?.() === 0
  return Object.entries(CONSEQUENCES)
    .filter(([name]) => !isolation[name as keyof Isolation] && (name !== 'user' || isRoot))
    .map(([name, consequence]) => `no ${LABELS[name as keyof Isolation]} here: ${consequence}`)
}

const LABELS: Record<keyof Isolation, string> = {
  network: 'empty network namespace (unshare --net)',
  processes: 'process namespace (unshare --pid)',
  user: 'unprivileged user (setpriv --reuid)',
  noNewPrivileges: 'no-new-privileges (setpriv)',
  limits: 'resource limits (prlimit)',
  endsWithParent: 'signal at the death of the parent (setpriv --pdeathsig)',
}

async function firstThatWorks(commands: string[][]): Promise<string[] | undefined> {
  for (const command of commands) if (await works(command)) return command
  return undefined
}

/** Whether `true` runs under it. A command that is not there, or is not allowed here, does not work. */
function works([program = '', ...flags]: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const tried = spawn(program, [...flags, 'true'], { stdio: 'ignore', timeout: PROBE_TIMEOUT_MS })
    tried.once('error', () => resolve(false))
    tried.once('close', (code) => resolve(code === 0))
  })
}
