export type { Batch, Call, Outcome, Surroundings } from './outcome.ts'
export { openSandbox, type Sandbox, type SandboxOptions, type SandboxStats } from './sandbox.ts'
