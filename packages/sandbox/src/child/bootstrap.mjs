// The first code of a child, given on its command line: the child may read no file at all, so its program comes in the image, and is loaded from there.
import { readSync } from 'node:fs'
import { registerHooks } from 'node:module'

const IMAGE = 4
/** After its hash. See image-format.ts. */
const IMAGE_START = 32
const PROGRAM = 'toolwright:/'

function readAt(position, length) {
  const buffer = Buffer.alloc(length)
  for (let filled = 0; filled < length;) {
    const read = readSync(IMAGE, buffer, filled, length - filled, position + filled)
    if (read === 0) throw new Error('the image ends too early')
    filled += read
  }
  return buffer
}

const manifestLength = readAt(IMAGE_START, 4).readUInt32LE(0)
const { program } = JSON.parse(readAt(IMAGE_START + 4, manifestLength).toString('utf8'))
registerHooks({
  resolve: (specifier, context, next) => {
    if (!specifier.startsWith('.') && !specifier.startsWith(PROGRAM)) return next(specifier, context)
    return { url: new URL(specifier, context.parentURL).href, shortCircuit: true }
  },
  load: (url, context, next) =>
    url.startsWith(PROGRAM) ? { format: 'module', source: program[url.slice(PROGRAM.length)], shortCircuit: true } : next(url, context),
})
await import(`${PROGRAM}child/main.ts`)
