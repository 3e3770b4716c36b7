import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordsOf } from './shell-of.ts'

test('the words of lotan.shell are quoted as for a shell, and none where a quote does not end', () => {
  for (const [text, words] of [
    ['', []],
    ['  ', []],
    ['/bin/zsh', ['/bin/zsh']],
    [' /bin/bash  --rcfile "/etc/my rc" -i', ['/bin/bash', '--rcfile', '/etc/my rc', '-i']],
    ["/app/run 'it''s'", ['/app/run', 'its']],
    ['/bin/sh "', []],
  ] as const)
    assert.deepEqual(wordsOf(text), words, text)
})
