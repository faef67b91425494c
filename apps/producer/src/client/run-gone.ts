/** Redis came back without its data, or somebody has forgotten the run while it went on. */
export class RunGone extends Error {
  override name = 'RunGone'
  readonly exitCode = 6

  constructor(run: string) {
    super(
      `Redis no longer knows run ${run}: it was restarted without its data, or the run was forgotten. What is written stays; the same command with --run-id ${run} completes it: what is in its file is not paid for again (with --dedupe, all is)`,
    )
  }
}
