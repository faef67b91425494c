import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { familyNamed, type Random } from '@toolwright/families'

/** A tool of sample requests, and requests with their right answers. */
export interface SampleTool {
  name: string
  source: string
  sample(random: Random): { text: string; target: string }
}

const TOOLS = 'apps/simulator/tools'

/** The tool that the simulated models write for a family, with an `extract` that reads every wording. Throws where there is none. */
export function sampleTool(root: string, name: string): SampleTool {
  const family = familyNamed(name)
  if (family === null) throw new Error(`there is no family "${name}"`)
  const read = (file: string) => readFileSync(join(root, TOOLS, name, file), 'utf8').trim()
  const readers = readdirSync(join(root, TOOLS, name)).filter((file) => file.startsWith('extract-'))
  const extract = `def extract(text):
    for read in (${readers.map((_, wording) => `extract_${wording}, `).join('')}):
        arguments = read(text)
        if arguments is not None:
            return arguments
    return None`
  const source = [read('solve.py'), ...readers.map((_, wording) => read(`extract-${wording}.py`)), extract].join('\n\n\n')
  return {
    name,
    source: `${source}\n`,
    sample: (random) => {
      const { text, target } = family.generate(random, random.between(0, readers.length - 1))
      if (target === null) throw new Error(`requests of "${name}" have no right answer`)
      return { text, target }
    },
  }
}
