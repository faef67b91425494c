/** `a red book`, `an orange book`. */
export function withArticle(thing: string): string {
  return `${/^[aeiou]/.test(thing) ? 'an' : 'a'} ${thing}`
}

/** Three or more parts as English lists them: `a, b, and c`. */
export function listed(parts: readonly string[]): string {
  return `${parts.slice(0, -1).join(', ')}, and ${parts.at(-1)}`
}
