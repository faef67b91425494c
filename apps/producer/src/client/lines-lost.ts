import type { RunRequest } from '../run-request.ts'
import { resumeCommand } from './going-on.ts'

/**
 * Redis came back without the latest lines that it had taken, and without their checkpoint: after a fail-over to a replica that lagged, or a crash of a machine that had not
 * written them to its disk.
 */
export class LinesLost extends Error {
  override name = 'LinesLost'
  readonly exitCode = 6

  constructor(request: Pick<RunRequest, 'run' | 'input' | 'output' | 'retries'>, seq: number) {
    super(
      `Redis has lost the latest of the ${seq} requests that it had taken of run ${request.run}, in a fail-over or a crash. What is written stays. To read on from what it still knows: ${resumeCommand(request, true)}`,
    )
  }
}
