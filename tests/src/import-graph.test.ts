import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'

const ROOT = resolve(import.meta.dirname, '../..')
const Package = z.object({ name: z.string(), dependencies: z.record(z.string(), z.string()).default({}) })

/** What each part may stand on (ARCHITECTURE.md). That nothing is imported without being declared, `turbo boundaries` checks. */
const MAY_IMPORT: Record<string, string[]> = {
  contracts: [],
  runtime: [],
  sandbox: [],
  families: [],
  llm: ['contracts'],
  queues: ['contracts', 'runtime'],
  registry: ['contracts'],
  answering: ['contracts', 'queues', 'llm', 'registry', 'runtime'],
  producer: ['contracts', 'queues', 'registry', 'runtime'],
  user: ['contracts', 'queues', 'registry', 'runtime', 'llm', 'answering'],
  maker: ['contracts', 'queues', 'registry', 'runtime', 'llm', 'answering'],
  executor: ['contracts', 'queues', 'runtime', 'sandbox'],
  exporter: ['contracts', 'queues', 'registry', 'runtime'],
  simulator: ['families', 'contracts'],
  cli: ['contracts', 'queues', 'registry', 'runtime', 'llm', 'answering', 'sandbox', 'families'],
}

function packagesIn(folder: string): { name: string; ours: string[] }[] {
  return readdirSync(join(ROOT, folder)).map((name) => {
    const found = Package.parse(JSON.parse(readFileSync(join(ROOT, folder, name, 'package.json'), 'utf8')))
    const ours = Object.keys(found.dependencies).filter((dependency) => dependency.startsWith('@toolwright/'))
    return { name, ours: ours.map((dependency) => dependency.replace('@toolwright/', '')) }
  })
}

test.each([...packagesIn('packages'), ...packagesIn('apps')])('$name stands only on what it may', ({ name, ours }) => {
  expect(MAY_IMPORT[name], `${name} is not in the graph`).toBeDefined()
  expect(ours.filter((dependency) => !MAY_IMPORT[name]!.includes(dependency))).toEqual([])
})

test('the executor, which runs untrusted code, holds no model and no registry', () => {
  const executor = packagesIn('apps').find(({ name }) => name === 'executor')
  expect(executor?.ours.toSorted()).toEqual(['contracts', 'queues', 'runtime', 'sandbox'])
})
