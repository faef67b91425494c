import { expect, test } from 'vitest'
import { aptConfig } from './apt.ts'

test('keeps everything that apt writes in the work folder', () => {
  const config = aptConfig('/data folder/work', 'private')
  expect(config).toContain('Dir::Cache "/data folder/work/cache";')
  expect(config).toContain('Dir::State::lists "/data folder/work/lists";')
  expect(config).toContain('Dir::Log "/data folder/work/log";')
  expect(config).toContain('#clear APT::Update::Post-Invoke;')
})

test('reads the lists of the system when they are to be used', () => expect(aptConfig('/work', 'system')).not.toContain('Dir::State'))
