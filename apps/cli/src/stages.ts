import { join } from 'node:path'
import type { Folders } from './folders.ts'
import { startApp, type RunningApp } from './processes.ts'
import type { StageUrls } from './redis/stage-urls.ts'

/** The apps that serve queues or metrics, in the order of a request's way. `producer` is the dispatcher. */
export const STAGES = ['producer', 'user', 'maker', 'executor', 'exporter'] as const
export type Stage = (typeof STAGES)[number]

export interface StageStart {
  stage: Stage
  folders: Folders
  /** Passed on, with the Redis, the data folder and the concurrency set. */
  inherited: NodeJS.ProcessEnv
  urls: StageUrls
  concurrency?: number | undefined
  onLine: (line: string) => void
}

export function startStage({ stage, folders, inherited, urls, concurrency, onLine }: StageStart): RunningApp {
  return startApp({
    root: folders.root,
    app: stage,
    environment: {
      ...(stage === 'executor' ? withoutKeys(inherited) : inherited),
      REDIS_URL: stage === 'executor' ? urls.executorUrl : urls.url,
      TOOLWRIGHT_HOME: folders.home,
      TOOLWRIGHT_IMAGE_FOLDER: inherited['TOOLWRIGHT_IMAGE_FOLDER'] ?? join(folders.cache, 'sandbox'),
      ...(concurrency === undefined ? {} : { TOOLWRIGHT_CONCURRENCY: String(concurrency) }),
    },
    onLine,
  })
}

/** For what runs untrusted code: nothing that opens a model or another user's Redis. */
function withoutKeys(inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(inherited).filter(([name]) => !/^(OPENAI_|TOOLWRIGHT_(STRONG|LIGHT|EXECUTOR)_)/.test(name)))
}
