import { type Isolation, openSandbox } from '@toolwright/sandbox'
import type { Finding } from './finding.ts'

// Plain Pyodide's os.system runs a shell of this machine, whose exit code comes back; behind the gate there is none.
const SOURCE = `
import os

def solve():
    try:
        return "open" if os.system("exit 7") > 0 else "shut"
    except BaseException:
        return "shut"

def extract(text):
    return {}
`

const LAYERS = [
  ['network', 'no network'],
  ['processes', 'own process namespace'],
  ['user', 'unprivileged user'],
  ['noNewPrivileges', 'no new privileges'],
  ['limits', 'resource limits'],
  ['endsWithParent', 'ends with its executor'],
] as const satisfies [keyof Isolation, string][]

const MEND = 'on Linux install util-linux and allow user namespaces, or run the executor in a container of its own'

/** Boots the sandbox as executors do, and tries to get out of it. */
export async function checkSandbox(imageFolder: string): Promise<Finding[]> {
  const subject = 'sandbox'
  const startedAt = performance.now()
  const bad = (says: string): Finding => ({
    status: 'fail',
    subject,
    says,
    mend: 'set the packages up again: remove node_modules and start ./toolwright',
    cause: 'dependency',
  })
  try {
    const sandbox = await openSandbox({ imageFolder, children: { first: 1, second: 0 }, log: () => undefined })
    try {
      const bootMs = performance.now() - startedAt
      const [outcome] = await sandbox.run({
        source: SOURCE,
        calls: [{ arguments: '{}' }],
        timeoutMs: 5_000,
        surroundings: 'first',
        resetEachCall: false,
      })
      const isShut = outcome?.status === 'ok' ? outcome.result === 'shut' : outcome?.status === 'crashed'
      if (!isShut) return [bad(`runs, but does not hold: a tool that calls the host's shell ended as ${JSON.stringify(outcome)}`)]
      const { isolation, missing } = sandbox
      const inForce = [
        'import gate',
        'no way to JavaScript',
        'node permissions',
        ...LAYERS.filter(([name]) => isolation[name]).map(([, text]) => text),
      ]
      return [
        { status: 'ok', subject, says: `stands after ${(bootMs / 1000).toFixed(1)} s, keeps tools from the host: ${inForce.join(', ')}` },
        ...missing.map((says): Finding => ({ status: 'warn', subject, says, mend: MEND })),
      ]
    } finally {
      await sandbox.close()
    }
  } catch (error) {
    return [bad(`does not start (${error instanceof Error ? error.message : String(error)})`)]
  }
}
