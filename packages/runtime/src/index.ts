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
export { serveMetrics, type MetricsServer } from './serve-metrics.ts'
export { runUntilStopped, type Lifetime } from './shutdown.ts'
