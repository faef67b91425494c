import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const Entry = z.array(z.object({ targets: z.array(z.string()) }))

/** The metrics of every process that lists itself in the folder, as Prometheus would ask for them. One that has just ended is left out. */
export async function scrape(folder: string): Promise<string[]> {
  const targets = readdirSync(folder).flatMap((name) => {
    try {
      return Entry.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))).flatMap((entry) => entry.targets)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    }
  })
  const answers = await Promise.allSettled(targets.map(async (target) => await (await fetch(`http://${target}/metrics`)).text()))
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
}

/** What jobs of one queue took in all: seconds of waiting and of work, and how many times each was counted. */
export interface QueueTimes {
  waits: number
  waitSeconds: number
  runs: number
  runSeconds: number
}

const SAMPLE = /^toolwright_job_(wait|run)_seconds_(sum|count)\{([^}]*)\} (\S+)$/gm

export function queueTimes(scrapes: readonly string[]): Map<string, QueueTimes> {
  const times = new Map<string, QueueTimes>()
  for (const [, what, part, labels = '', value] of scrapes.flatMap((text) => [...text.matchAll(SAMPLE)])) {
    const queue = /queue="([^"]*)"/.exec(labels)?.[1] ?? ''
    const one = times.get(queue) ?? { waits: 0, waitSeconds: 0, runs: 0, runSeconds: 0 }
    times.set(queue, one)
    if (what === 'wait') one[part === 'sum' ? 'waitSeconds' : 'waits'] += Number(value)
    else one[part === 'sum' ? 'runSeconds' : 'runs'] += Number(value)
  }
  return times
}
