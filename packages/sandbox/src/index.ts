export type { Isolation, Layers } from './layers.ts'
export type { Batch, Call, Outcome, Surroundings } from './outcome.ts'
export { type BatchEvent, buildImages, type Limits, openSandbox, type Sandbox, type SandboxOptions, type SandboxStats } from './sandbox.ts'
