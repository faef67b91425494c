import { serve } from './serve.ts'
import { standUp } from './stand-up.ts'

/** Opened by the parent, which has checked its hash. */
const IMAGE = 4

await serve((settings, onTick) => standUp(IMAGE, settings, onTick))
process.exit(0)
