export { commonEnvironment, ConfigurationError, parseEnvironment } from './environment.ts'
export { LogLevel, openLog, type Log } from './log.ts'
export { modelEnvironment, modelSettings, type ModelSettings } from './model-environment.ts'
export { editDistance, nearest } from './nearest.ts'
export { redact } from './redact.ts'
export {
  type RedisAddress,
  type RedisHost,
  type RedisLogin,
  type RedisTls,
  readRedisUrl,
  RedisUrl,
  redisUrlFor,
  shownRedisUrl,
} from './redis-url.ts'
export { processMetrics, serveMetrics, type MetricsServer } from './serve-metrics.ts'
export {
  executionEnd,
  executionSpan,
  executionTexts,
  holdEnd,
  holdSpan,
  makeSpan,
  modelCallSpan,
  modelReplyEnd,
  promptTexts,
  replyTexts,
  sendSpan,
  type JobSubject,
} from './traces/conventions.ts'
export { openTraces, type Origin, type Span, type Traces } from './traces/traces.ts'
export { tracesEndpoint, tracesEnvironment, type TracesEnvironment } from './traces/traces-environment.ts'
export { runUntilStopped, type Lifetime } from './shutdown.ts'
