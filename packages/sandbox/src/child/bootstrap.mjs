// The first code of a child, given on its command line: the child may read no file at all, so its program comes over the channel as well, and is loaded from there.
import { readSync } from 'node:fs'
import { registerHooks } from 'node:module'

const CHANNEL = 3
const PROGRAM = 'toolwright:/'

function readExactly(length) {
  const buffer = Buffer.alloc(length)
  for (let filled = 0; filled < length;) {
    const read = readSync(CHANNEL, buffer, filled, length - filled, null)
    if (read === 0) process.exit(1)
    filled += read
  }
  return buffer
}

const program = JSON.parse(readExactly(readExactly(4).readUInt32LE(0)).toString('utf8'))
registerHooks({
  resolve: (specifier, context, next) => {
    if (!specifier.startsWith('.') && !specifier.startsWith(PROGRAM)) return next(specifier, context)
    return { url: new URL(specifier, context.parentURL).href, shortCircuit: true }
  },
  load: (url, context, next) =>
    url.startsWith(PROGRAM)
      ? { format: 'module-typescript', source: program[url.slice(PROGRAM.length)], shortCircuit: true }
      : next(url, context),
})
await import(`${PROGRAM}child/main.ts`)
