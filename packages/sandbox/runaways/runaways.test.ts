import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openSandbox, type Sandbox } from '../src/index.ts'
import { IMAGE_FOLDER } from '../src/testing.ts'
import { inSolve } from './runaway.ts'
import { RUNAWAYS } from './runaways.ts'
import { strike } from './strike.ts'

// Half a minute where nothing else runs.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 })

const open = () => openSandbox({ imageFolder: IMAGE_FOLDER, children: { first: 1, second: 0 }, log: () => undefined })
let sandboxes: Sandbox[]
beforeAll(async () => {
  // One after the other: the first may have to build the image.
  sandboxes = [await open(), await open()]
})
afterAll(() => Promise.all(sandboxes.map((sandbox) => sandbox.close())))

test('whatever runs away is named right, its neighbours are right, and all children stand again', async () => {
  const left = RUNAWAYS.values()
  const wrong: Record<string, string[]> = {}
  await Promise.all(
    sandboxes.map(async (sandbox) => {
      for (const runaway of left) {
        const { faults } = await strike(sandbox, runaway)
        if (faults.length > 0) wrong[`${runaway.technique}: ${runaway.name}`] = faults
      }
    }),
  )
  expect(wrong).toEqual({})
})

test('a wrong outcome, and neighbours that are hurt, are told', async () => {
  const [sandbox = expect.unreachable()] = sandboxes
  const wrong = await strike(sandbox, { technique: 'none', name: 'good', ...inSolve('raised', 'return "survived"') })
  expect(wrong).toMatchObject({ areNeighboursRight: true, faults: [expect.stringMatching(/^raised is right, it was \{"status":"ok"/)] })
  const hurting = inSolve('ok', 'import builtins\nbuiltins.__build_class__ = builtins.__import__ = None\nreturn "survived"')
  const source = hurting.source.replace('"good"', '"good" if __import__ else "hurt"')
  const hurt = await strike(sandbox, { technique: 'none', name: 'hurting', ...hurting, source })
  expect(hurt).toMatchObject({
    areNeighboursRight: false,
    faults: [expect.stringMatching(/^the call after was \{"status":"ok","result":"hurt"/)],
  })
})
