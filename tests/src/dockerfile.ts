import { DockerfileParser } from 'dockerfile-ast'
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { z } from 'zod'

export const ROOT = resolve(import.meta.dirname, '../..')
export const DOCKERFILE = join(ROOT, 'infra/Dockerfile')

/** What the last stage of infra/Dockerfile says about the container, and the step that assembles its file tree. */
export interface ImagePlan {
  assemble: string
  environment: Record<string, string>
  folder: string
  user: string
  healthCheck: string[]
  entrypoint: string[]
  stopSignal: string
}

const Words = z.array(z.string())
const LET_THROUGH = /^![\w./-]+$/

/** Throws an Error that names the instruction which is not there, or is there twice. */
export function readDockerfile(): ImagePlan {
  const instructions = DockerfileParser.parse(readFileSync(DOCKERFILE, 'utf8'))
    .getInstructions()
    .map((each) => ({ keyword: each.getKeyword(), text: (each.getArgumentsContent() ?? '').replace(/\\\n\s*/g, '') }))
  const last = instructions.slice(instructions.findLastIndex(({ keyword }) => keyword === 'FROM'))
  const one = (from: typeof instructions, keyword: string, pattern = /^/): string => {
    const found = from.filter((each) => each.keyword === keyword && pattern.test(each.text))
    if (found.length !== 1)
      throw new Error(`infra/Dockerfile has ${found.length} ${keyword} that are like ${pattern}, and one was expected`)
    return found[0]!.text
  }
  return {
    assemble: one(instructions, 'RUN', /assemble/).replace(/^--mount=\S+ /, ''),
    environment: Object.fromEntries(
      one(last, 'ENV')
        .split(/\s+/)
        .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    ),
    folder: one(last, 'WORKDIR'),
    user: one(last, 'USER'),
    healthCheck: wordsOf(one(last, 'HEALTHCHECK')),
    entrypoint: wordsOf(one(last, 'ENTRYPOINT')),
    stopSignal: one(last, 'STOPSIGNAL'),
  }
}

/**
 * Copies what a build is sent of the checkout, as infra/Dockerfile.dockerignore says, whose lines are `*`, then `!PATH` for what is let through, then `**` and a name for
 * what is left out everywhere. Throws an Error for a line of another form, and for a COPY of what is not sent.
 */
export function copyContext(folder: string): void {
  const lines = readFileSync(`${DOCKERFILE}.dockerignore`, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const [all, ...rest] = lines
  const names = new Set(rest.filter((line) => !LET_THROUGH.test(line)).map((line) => line.replace('**/', '')))
  if (all !== '*' || [...names].some((name) => !/^[\w.-]+$/.test(name)))
    throw new Error('infra/Dockerfile.dockerignore has lines that are not understood here')
  for (const path of rest.filter((line) => LET_THROUGH.test(line)).map((line) => line.slice(1)))
    cpSync(join(ROOT, path), join(folder, path), { recursive: true, filter: (source) => !names.has(basename(source)) })
  const copies = DockerfileParser.parse(readFileSync(DOCKERFILE, 'utf8')).getCOPYs()
  const sources = copies.filter((copy) => copy.getFlags().length === 0).flatMap((copy) => copy.getArguments().slice(0, -1))
  const missing = sources.map((source) => source.getValue()).filter((source) => !existsSync(join(folder, source)))
  if (missing.length > 0) throw new Error(`infra/Dockerfile copies what infra/Dockerfile.dockerignore leaves out: ${missing.join(', ')}`)
}

/** The exec form, after flags. */
function wordsOf(text: string): string[] {
  return Words.parse(JSON.parse(text.slice(text.indexOf('['))))
}
