import { serve } from './serve.ts'
import { standUp } from './stand-up.ts'

/** Opened by the parent, which has checked its hash. */
const IMAGE = 4

await serve((settings) => standUp(IMAGE, settings))
process.exit(0)
