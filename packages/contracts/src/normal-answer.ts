/** An answer as it is compared with others: in Unicode's composed form, without the space around it. */
export function normalAnswer(answer: string): string {
  return answer.normalize('NFC').trim()
}
