import { readdirSync, readFileSync } from 'node:fs'
import type { Program } from './child/messages.ts'

const SOURCES = new URL('./', import.meta.url)

/** What a child runs: its sources by path, as they are in this folder. */
export function childProgram(): Program {
  const files = readdirSync(new URL('child/', SOURCES))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => `child/${name}`)
  return Object.fromEntries([...files, 'image-format.ts', 'outcome.ts'].map((path) => [path, sourceText(path)]))
}

export function childBootstrap(): string {
  return sourceText('child/bootstrap.mjs')
}

function sourceText(path: string): string {
  return readFileSync(new URL(path, SOURCES), 'utf8')
}
