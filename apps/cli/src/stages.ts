import type { Folders } from './folders.ts'
import { startApp, type RunningApp } from './processes.ts'

/** The apps that serve queues or metrics, in the order of a request's way. `producer` is the dispatcher. */
export const STAGES = ['producer', 'user', 'maker', 'executor', 'exporter'] as const
export type Stage = (typeof STAGES)[number]

export interface StageStart {
  stage: Stage
  folders: Folders
  /** Passed on, with the Redis, the data folder and the concurrency set. */
  inherited: NodeJS.ProcessEnv
  redisUrl: string
  concurrency?: number | undefined
  onLine: (line: string) => void
}

export function startStage({ stage, folders, inherited, redisUrl, concurrency, onLine }: StageStart): RunningApp {
  return startApp({
    root: folders.root,
    app: stage,
    environment: {
      ...inherited,
      REDIS_URL: redisUrl,
      TOOLWRIGHT_HOME: folders.home,
      ...(concurrency === undefined ? {} : { TOOLWRIGHT_CONCURRENCY: String(concurrency) }),
    },
    onLine,
  })
}
