import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface FolderLines {
  folder: string
  files: number
  code: number
  tests: number
  prompts: number
}

/** Files that git tracks or would track, by path from the checkout. Throws where git is not there. */
export function filesOf(root: string): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  return [...new Set(listed.split('\0'))].filter((path) => path !== '').toSorted()
}

/** Lines that are not empty, by folder: code, tests, and prompts; documents, lockfiles and other data are not counted. */
export function linesByFolder(root: string): FolderLines[] {
  const folders = new Map<string, FolderLines>()
  for (const path of filesOf(root)) {
    const sort = sortOf(path)
    if (sort === null) continue
    const folder = folderOf(path)
    const lines = folders.get(folder) ?? { folder, files: 0, code: 0, tests: 0, prompts: 0 }
    folders.set(folder, lines)
    lines.files++
    lines[sort] += countLines(join(root, path))
  }
  return [...folders.values()].toSorted((a, b) => (a.folder < b.folder ? -1 : 1))
}

/** What a file counts as; null: not at all. */
export function sortOf(path: string): 'code' | 'tests' | 'prompts' | null {
  if (/\/prompts\/[^/]+\.md$/.test(path)) return 'prompts'
  if (!/\.(ts|mjs|js|py|sh|lua)$/.test(path) && path !== 'toolwright' && path !== '.ci/run') return null
  return path.endsWith('.test.ts') || /(^|\/)tests?\//.test(path) ? 'tests' : 'code'
}

/** `apps/cli`, `packages/llm`, else the first folder, or `.` for what stands at the top. */
export function folderOf(path: string): string {
  const [first = '', second, third] = path.split('/')
  if (second === undefined) return '.'
  return (first === 'apps' || first === 'packages') && third !== undefined ? `${first}/${second}` : first
}

function countLines(path: string): number {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '').length
}
