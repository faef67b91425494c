import { z } from 'zod'
import { CommandError, EXIT } from '../exit-codes.ts'
import type { Folders } from '../folders.ts'
import { openLogFile } from '../log-file.ts'
import { startApp } from '../processes.ts'
import { join } from 'node:path'
import type { Wrongness } from './verdict.ts'

export interface Simulator {
  url: string
  models: { strong: string; light: string }
  wrongness: { strong: Wrongness; light: Wrongness }
  stop(): Promise<void>
}

const Started = z.object({ url: z.string(), models: z.tuple([z.string(), z.string()]) })

const Shares = z.object({ otherwise: z.number(), families: z.record(z.string(), z.number()) })
const RoleShares = z.object({ answer: Shares, judge: Shares, call: Shares })
const Control = z.object({ wrongness: z.object({ strong: RoleShares, light: RoleShares }) })

/** Starts the process that plays the models. `settings`: a part of its settings, laid over its defaults. */
export async function startSimulator(options: { folders: Folders; inherited: NodeJS.ProcessEnv; settings: unknown }): Promise<Simulator> {
  const { folders, inherited, settings } = options
  const log = openLogFile(folders.home, 'simulator')
  const { promise: firstLine, resolve: onFirstLine } = Promise.withResolvers<string>()
  const app = startApp({
    root: folders.root,
    app: 'simulator',
    environment: { ...inherited, TOOLWRIGHT_SIMULATOR_SETTINGS: JSON.stringify(settings) },
    onLine: (line) => {
      log.add(line)
      onFirstLine(line)
    },
  })
  const line = await Promise.race([firstLine, app.exited.then(() => null)])
  const started = line?.startsWith('{') === true ? Started.safeParse(JSON.parse(line)) : undefined
  if (!started?.success) throw new CommandError(EXIT.internal, `the simulator does not start: see ${log.path}`)
  const { url, models } = started.data
  const response = await fetch(new URL('/control', url))
  const { wrongness } = Control.parse(await response.json())
  return {
    url,
    models: { strong: models[0], light: models[1] },
    wrongness: { strong: sharesOf(wrongness.strong), light: sharesOf(wrongness.light) },
    stop: async () => {
      await app.stop()
    },
  }
}

function sharesOf({ answer, call, judge }: z.infer<typeof RoleShares>): Wrongness {
  return { answer: shareOf(answer), call: shareOf(call), judge: shareOf(judge) }
}

function shareOf({ families, otherwise }: z.infer<typeof Shares>): (family: string) => number {
  return (family) => families[family] ?? otherwise
}

/** What makes processes use the simulator as they would any endpoint: its address, a key, model names, and prices. */
export function environmentFor(
  { url, models }: Pick<Simulator, 'url' | 'models'>,
  { root }: Folders,
  inherited: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const others = Object.entries(inherited).filter(([name]) => !/^(OPENAI_|TOOLWRIGHT_(STRONG_|LIGHT_|PRICE_TIER))/.test(name))
  return {
    ...Object.fromEntries(others),
    OPENAI_BASE_URL: url,
    OPENAI_API_KEY: 'any-key-will-do',
    TOOLWRIGHT_STRONG_MODEL: models.strong,
    TOOLWRIGHT_LIGHT_MODEL: models.light,
    TOOLWRIGHT_PRICES: join(root, 'apps', 'simulator', 'prices.json'),
  }
}
