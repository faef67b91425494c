import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { CommandError, EXIT } from '../exit-codes.ts'
import type { Folders } from '../folders.ts'

const SampleGroup = z.object({
  about: z.enum(['kind', 'alike', 'single', 'whole']),
  kind: z.string().nullable(),
  label: z.string(),
  requests: z.int(),
  textBytes: z.int(),
})
export type SampleGroup = z.infer<typeof SampleGroup>

/** What the producer says of an input (its sample-input.ts). `requests`: of the whole input; all else is of the sample. */
const InputSample = z.object({ requests: z.int(), sampled: z.int(), unusable: z.int(), groups: z.array(SampleGroup) })
export type InputSample = z.infer<typeof InputSample>

/** Has the producer look at an input. Throws CommandError where that cannot be read. */
export async function lookAtInput(options: {
  folders: Folders
  inherited: NodeJS.ProcessEnv
  redisUrl: string
  input: string
  wanted: number
}): Promise<InputSample> {
  const { folders, inherited, redisUrl, input, wanted } = options
  const program = join(folders.root, 'apps', 'producer', 'src', 'sample-main.ts')
  const child = spawn(process.execPath, [program, JSON.stringify({ input, wanted })], {
    stdio: ['inherit', 'pipe', 'inherit'],
    env: { ...inherited, REDIS_URL: redisUrl, TOOLWRIGHT_HOME: folders.home },
  })
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) throw new CommandError(code === EXIT.usage ? EXIT.usage : EXIT.internal, `${input} could not be looked at`)
  return InputSample.parse(JSON.parse(said))
}
