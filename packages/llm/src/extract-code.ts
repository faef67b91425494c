/** A line that may open a block: indentation, the fence, the info string. A backtick fence has no backtick in its info string. */
const OPENING = /^([ \t]*)(`{3,}(?=[^`]*$)|~{3,})[ \t]*(\S*).*$/

/**
 * The fenced code blocks of a model's reply, in order, as CommonMark reads them, but for indentation, which may be any: models put blocks into lists.
 * A block ends at a fence of its own kind that is at least as long; the last one may be cut off. Line ends become `\n`; `language` is in lower case.
 */
export function fencedBlocks(text: string): { language: string; code: string }[] {
  const blocks: { language: string; code: string }[] = []
  let open: { indent: number; fence: string; language: string; lines: string[] } | undefined
  const close = () => {
    if (open) blocks.push({ language: open.language, code: open.lines.join('\n') })
    open = undefined
  }
  for (const line of text.replace(/\r\n?/g, '\n').split('\n')) {
    if (open) {
      if (isClosing(line, open.fence)) close()
      else open.lines.push(withoutIndent(line, open.indent))
    } else {
      const [, indent = '', fence, language = ''] = OPENING.exec(line) ?? []
      if (fence) open = { indent: indent.length, fence, language: language.toLowerCase(), lines: [] }
    }
  }
  // Without its closing fence, the newline at the end of the reply is not a line of the code.
  if (open?.lines.at(-1) === '') open.lines.pop()
  close()
  return blocks
}

function isClosing(line: string, fence: string): boolean {
  const trimmed = line.trim()
  return trimmed.length >= fence.length && trimmed === fence.charAt(0).repeat(trimmed.length)
}

function withoutIndent(line: string, indent: number): string {
  let start = 0
  while (start < indent && (line[start] === ' ' || line[start] === '\t')) start++
  return line.slice(start)
}
