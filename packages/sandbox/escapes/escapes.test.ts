import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ALL_LAYERS } from '../src/layers.ts'
import { IMAGE_FOLDER } from '../src/testing.ts'
import { openChildStand } from './child-stand.ts'
import { type Host, openHost } from './host.ts'
import { SNIPPETS } from './snippets.ts'
import type { Stand } from './stand.ts'
import { type Finding, runSuite } from './suite.ts'
import { openWeakest } from './weakest.ts'

// The short form of `./toolwright bench escapes`, which also proves every snippet and tries each layer alone.

vi.setConfig({ testTimeout: 300_000 })

let host: Host
beforeAll(async () => {
  host = await openHost()
})
afterAll(() => host.close())

/** One snippet of each technique. */
const REPRESENTATIVES = SNIPPETS.filter(({ technique }, at) => SNIPPETS.findIndex((other) => other.technique === technique) === at)

async function findingsIn(opening: Promise<Stand>, snippets = SNIPPETS): Promise<Finding[]> {
  const stand = await opening
  try {
    return await runSuite(host, stand, { snippets })
  } finally {
    await stand.close()
  }
}

const tell = ({ snippet, verdict, seen, told }: Finding) => `${snippet.technique}/${snippet.name} ${verdict} (${seen.join(', ')}): ${told}`

test('the sandbox as the executor opens it holds every snippet, and the next batch on the same child is right', async () => {
  const findings = await findingsIn(openChildStand({ name: 'all', layers: ALL_LAYERS, imageFolder: IMAGE_FOLDER }))
  expect(findings).toHaveLength(SNIPPETS.length)
  expect(findings.filter(({ verdict }) => verdict !== 'held').map(tell)).toEqual([])
})

test('one snippet of each technique brings about what it states in plain Pyodide, where nothing is in its way', async () => {
  const findings = await findingsIn(openWeakest(), REPRESENTATIVES)
  expect(findings).toHaveLength(REPRESENTATIVES.length)
  expect(findings.filter(({ snippet, seen }) => !seen.includes(snippet.success)).map(tell)).toEqual([])
})

test('without the gate, the same child lets JavaScript out and keeps what was left behind', async () => {
  const layers = { gate: false, modules: false, permission: false, isolation: false }
  const snippets = SNIPPETS.filter(({ technique, name }) =>
    ['js-bridge/js_process', 'left-behind/constant'].includes(`${technique}/${name}`),
  )
  const findings = await findingsIn(openChildStand({ name: 'none', layers, imageFolder: IMAGE_FOLDER }), snippets)
  expect(findings.map(({ verdict }) => verdict)).toEqual(['escaped', 'broke the next batch'])
})
