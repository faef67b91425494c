import { expect, test } from 'vitest'
import { fencedBlocks } from './extract-code.ts'

test.each([
  ['no block', 'just text with `code`', []],
  ['one block', 'x\n```python\na = 1\nb = 2\n```\ny', [{ language: 'python', code: 'a = 1\nb = 2' }]],
  [
    'two blocks, one without a language',
    '```\na\n```\n~~~JSON\n{}\n~~~',
    [
      { language: '', code: 'a' },
      { language: 'json', code: '{}' },
    ],
  ],
  ['windows line ends', '```py\r\na\r\nb\r\n```\r\n', [{ language: 'py', code: 'a\nb' }]],
  ['a longer fence around a shorter one', '````md\n```py\na\n```\n````', [{ language: 'md', code: '```py\na\n```' }]],
  ['tildes around backticks', '~~~\n```\na\n```\n~~~', [{ language: '', code: '```\na\n```' }]],
  ['a closing fence that is longer', '```\na\n`````', [{ language: '', code: 'a' }]],
  ['backticks in the code', '```py\nx = "```"\n```', [{ language: 'py', code: 'x = "```"' }]],
  ['a block that is cut off', '```py\na\n', [{ language: 'py', code: 'a' }]],
  ['a fence that is cut off', '```py', [{ language: 'py', code: '' }]],
  ['a block in a list', '1. so:\n   ```python\n   if a:\n     b\n   ```', [{ language: 'python', code: 'if a:\n  b' }]],
  ['more after the language', '```python title="x"\na\n```', [{ language: 'python', code: 'a' }]],
  ['inline code of three backticks', '```{"a": 1}``` is it', []],
  ['blank lines kept', '```\n\na\n\n```', [{ language: '', code: '\na\n' }]],
])('%s', (_, text, blocks) => {
  expect(fencedBlocks(text)).toEqual(blocks)
})
