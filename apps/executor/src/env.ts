import { commonEnvironment, parseEnvironment } from '@toolwright/runtime'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'

const ExecutorEnvironment = z.object({
  ...commonEnvironment,
  /** Batches at the same time: one for each child process that serves. By default one for each core. */
  concurrency: z.coerce.number('expected a whole number').int().min(1).max(64).default(Math.min(64, availableParallelism())),
  /** Where frozen interpreters are kept; by default `cache/sandbox` in the data folder. */
  imageFolder: z
    .string()
    .transform((path) => resolve(path))
    .optional(),
  /** Wheels of pure Python for tools to import, as `FILE=MODULE` or `FILE=MODULE+MODULE`, separated by commas; each MODULE is imported beforehand. */
  sandboxWheels: z
    .string()
    .default('')
    .transform((text, context) => {
      const wheels: { path: string; imports: string[] }[] = []
      for (const part of text.split(',').filter((one) => one.trim() !== '')) {
        const [path = '', modules = ''] = part.trim().split('=')
        const imports = modules.split('+').filter((name) => name !== '')
        if (imports.every((name) => /^[A-Za-z_][\w.]*$/.test(name))) wheels.push({ path: resolve(path), imports })
        else context.addIssue({ code: 'custom', message: `"${modules}" are no module names` })
      }
      return wheels
    })
    .meta({ description: 'name wheel files, such as /opt/sympy.whl=sympy,/opt/mpmath.whl' }),
})

export function readEnvironment() {
  const { imageFolder, ...rest } = parseEnvironment(ExecutorEnvironment, process.env)
  return { ...rest, imageFolder: imageFolder ?? join(rest.home, 'cache/sandbox') }
}
