export type Invocation = { isDemo: boolean } & (
  | { wants: 'run'; verb: string; args: string[] }
  | { wants: 'help'; verb: string }
  | { wants: 'overview' | 'version' | 'nothing' }
)

/** What the command line asks for. `--demo` and `--help` may stand anywhere before a `--`. `isDemo`: the demo's data folder is meant. */
export function readInvocation(argv: string[]): Invocation {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  const ours = argv.slice(0, end)
  const isHelp = ours.includes('--help') || ours.includes('-h')
  const [verb, ...args] = [...ours.filter((word) => word !== '--demo' && word !== '--help' && word !== '-h'), ...argv.slice(end)]
  const isDemo = ours.includes('--demo') || verb === 'demo'
  if (verb === undefined) return { isDemo, wants: isHelp ? 'overview' : 'nothing' }
  if (verb === '--version') return { isDemo, wants: 'version' }
  if (verb === 'help') return args[0] === undefined ? { isDemo, wants: 'overview' } : { isDemo, wants: 'help', verb: args[0] }
  return isHelp ? { isDemo, wants: 'help', verb } : { isDemo, wants: 'run', verb, args }
}
