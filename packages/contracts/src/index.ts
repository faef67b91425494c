export { bytesOf, inBatches, MAX_DIRECT_LINES, MAX_JUDGE_LINES } from './batches.ts'
export { Call, Outcome, Surroundings } from './execution.ts'
export { hashOf, jobIdOf, KindId, kindIdOf, newRunId, RunId, SpaceName } from './ids.ts'
export { isObject } from './is-object.ts'
export { Frame, Line, MAX_BATCH_BYTES, MAX_BATCH_LINES, MAX_LINE_BYTES } from './line.ts'
export { Bucket, bucketOf, Cause, LedgerEntry, Purpose, Role, Tokens } from './money.ts'
export { normalAnswer } from './normal-answer.ts'
export {
  DirectJob,
  ExecutionJob,
  ExecutionResult,
  MakerJob,
  QUEUES,
  RequestsJob,
  ResultsJob,
  UserJob,
  type JobOf,
  type QueueName,
  type ResultOf,
} from './queues.ts'
export { Baseline, EXTRACTED_MODEL, LineResult, Usage } from './result.ts'
export { RunSettings } from './run.ts'
export { Evidence, Example, ParameterSchema, TierName, Tool } from './tool.ts'
export { exactUsd, nanoOfUsd, shownCost, shownShare, shownUsd } from './usd.ts'
