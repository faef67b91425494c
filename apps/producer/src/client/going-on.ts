import type { RunRequest } from '../run-request.ts'

/** The command that finishes a run, for a sentence. `needsInput`: not all of it has been read. `flags`: what is to be given with it. */
export function resumeCommand(
  { run, input, output, retries }: Pick<RunRequest, 'run' | 'input' | 'output' | 'retries'>,
  needsInput: boolean,
  flags = '',
): string {
  const isStdinWanted = input === '-' && retries === null && needsInput
  const notes = [
    ...(isStdinWanted ? ['with the same standard input, from its beginning'] : []),
    ...(output === null ? ['it writes the rest: append it, with >>'] : []),
  ]
  return `./toolwright resume ${run}${isStdinWanted ? ' -' : ''}${flags === '' ? '' : ` ${flags}`}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`
}
