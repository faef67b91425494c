import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Where test files take minutes: pipelines of many processes, attacks on the sandbox. Begun last, one would run on alone after all the others. */
const LONG = ['/tests/', '/packages/sandbox/', '/apps/maker/']

const isLong = ({ moduleId }: TestSpecification) => LONG.some((folder) => moduleId.includes(folder))

class LongOnesFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve([...files.filter(isLong), ...files.filter((file) => !isLong(file))])
  }
}

export default defineConfig({
  test: {
    include: ['{apps,packages,tests}/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    sequence: { sequencer: LongOnesFirst },
  },
})
