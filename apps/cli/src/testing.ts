import { join } from 'node:path'
import { readEnvironment } from './env.ts'
import type { Surroundings } from './verb.ts'

/** Surroundings in which nothing may be started: what is wrong with a command must show before. */
export function surroundingsThatStartNothing(folder: string, inherited: Record<string, string>): Surroundings {
  return {
    environment: readEnvironment(inherited),
    inherited,
    folders: { root: folder, home: join(folder, 'home'), cache: join(folder, 'cache') },
    print: () => Promise.reject(new Error('nothing was to be printed')),
    say: (line) => {
      throw new Error(`nothing was to be said: ${line}`)
    },
    columns: 80,
    hasColour: false,
    interruption: () => {
      throw new Error('nothing was to be started')
    },
  }
}
