import { expect, test } from 'vitest'
import { memoryShare, serverConfig } from './server-config.ts'

const GIBIBYTE = 2 ** 30

test('takes half of the memory, a container’s limit included, and 4 GiB at the most', () => {
  expect(memoryShare(2 * GIBIBYTE, 0)).toBe(GIBIBYTE)
  expect(memoryShare(64 * GIBIBYTE, 0)).toBe(4 * GIBIBYTE)
  expect(memoryShare(64 * GIBIBYTE, GIBIBYTE)).toBe(GIBIBYTE / 2)
  expect(memoryShare(2 * GIBIBYTE, 2 ** 62)).toBe(GIBIBYTE)
})

test('never evicts, writes every second, and quotes its folder', () => {
  const config = serverConfig({ bind: '127.0.0.1', port: 7000, dataFolder: '/a b/"c"', maxMemoryBytes: 1 })
  expect(config).toContain('maxmemory-policy noeviction\n')
  expect(config).toContain('appendfsync everysec\n')
  expect(config).toContain('aclfile "/a b/\\"c\\"/users.acl"\n')
  expect(config).toContain('dir "/a b/\\"c\\""\n')
})
