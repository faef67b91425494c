import { buildImages } from '@toolwright/sandbox'
import { resolve } from 'node:path'

/** `build-images-main.ts FOLDER` builds the interpreter's images there, for a container's image: see infra/assemble.ts. */
const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: node build-images-main.ts FOLDER')
await buildImages(resolve(folder))
