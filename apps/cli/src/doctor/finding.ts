import { EXIT, type ExitCode } from '../exit-codes.ts'

/** What a check found. `mend`: what to do about it. A failure of `configuration` is something set wrongly, one of `dependency` something that does not answer. */
export type Finding =
  | { status: 'ok'; subject: string; says: string }
  | { status: 'warn'; subject: string; says: string; mend: string }
  | { status: 'fail'; subject: string; says: string; mend: string; cause: 'configuration' | 'dependency' }

const COLOURS = { ok: 32, warn: 33, fail: 31 } as const

export function lineOf(finding: Finding, hasColour: boolean): string {
  const mark = finding.status.padEnd(4)
  const shown = hasColour ? `\u001b[${COLOURS[finding.status]}m${mark}\u001b[0m` : mark
  const mend = finding.status === 'ok' ? '' : `\n       ${finding.mend}`
  return `${shown}   ${finding.subject.padEnd(12)} ${finding.says}${mend}`
}

export function exitCodeOf(finding: Finding): ExitCode {
  if (finding.status !== 'fail') return EXIT.ok
  return finding.cause === 'configuration' ? EXIT.configuration : EXIT.dependencyDown
}
