import { fileURLToPath } from 'node:url'

/** Where tests keep the frozen interpreters, so that each is built once in a checkout. */
export const IMAGE_FOLDER = fileURLToPath(new URL('../../../.toolwright/cache/sandbox', import.meta.url))
