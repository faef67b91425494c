import { expect, test } from 'vitest'
import { readInvocation } from './invocation.ts'

test.each([
  [[], { isDemo: false, wants: 'nothing' }],
  [['--help'], { isDemo: false, wants: 'overview' }],
  [['help'], { isDemo: false, wants: 'overview' }],
  [['--version'], { isDemo: false, wants: 'version' }],
  [['help', 'up'], { isDemo: false, wants: 'help', verb: 'up' }],
  [['up', '-h'], { isDemo: false, wants: 'help', verb: 'up' }],
  [['up', '--user', '2'], { isDemo: false, wants: 'run', verb: 'up', args: ['--user', '2'] }],
  [['--demo', 'doctor'], { isDemo: true, wants: 'run', verb: 'doctor', args: [] }],
  [['doctor', '--demo'], { isDemo: true, wants: 'run', verb: 'doctor', args: [] }],
  [['demo', '--seed', '2'], { isDemo: true, wants: 'run', verb: 'demo', args: ['--seed', '2'] }],
  [['test', '--', '--help'], { isDemo: false, wants: 'run', verb: 'test', args: ['--', '--help'] }],
])('%j', (argv, invocation) => expect(readInvocation(argv)).toEqual(invocation))
