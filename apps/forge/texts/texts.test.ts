import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { reasonCodes } from '../../shared/preview/failure-reason.ts'
import { anyText } from '../../testing/arbitraries/texts.ts'
import type { Commit } from '../meant.ts'
import type { Shown } from '../shown.ts'
import { builtAt, seconds, size, within } from './amounts.ts'
import { commentOf, markOf, type CommentFacts } from './comment.ts'
import { deploymentOf } from './deployment.ts'
import { code, plain } from './markdown.ts'
import { MOST_CHARACTERS, statusOf } from './status.ts'

const sha = 'a41f09c1111111111111111111111111111111aa'
const head: Commit = { is: 'head', revision: sha }
const behind: Commit = { is: 'behind', revision: '77be210222222222222222222222222222222222', commits: 2 }
const foreign: Commit = { is: 'foreign', revision: '77be210222222222222222222222222222222222' }
const unknown: Commit = { is: 'unknown' }
const exited = { code: 'exited' as const, detail: 'secret words', output: ['more'], exitCode: 1, after: 2_000 }

const facts: Omit<CommentFacts, 'shown'> = {
  mark: markOf('todowrangler', 3001),
  change: { number: 3001, sha, state: 'open', base: 'main' },
  sign: '#',
  tag: 'pr-3001',
  places: {
    preview: 'http://pr-3001.previews.example.com',
    details: 'http://previews.example.com/previews/pr-3001',
    badge: 'http://previews.example.com/badge/pr-3001.svg',
  },
  image: { digest: `sha256:${'0123456789ab'.padEnd(64, '0')}`, bytes: 51_000_000, created: '2026-11-30T12:31:09Z' },
  usual: 11_700,
  sleepsAfter: 600_000,
  gate: 'off',
  fallback: { tag: 'main', url: 'http://main.previews.example.com' },
}
const badge = (words: string) => `![${words}](${facts.places.badge})`
const opens = `**[Open the preview](${facts.places.preview})** ${badge('preview')}`
const merged = { ...facts.change, state: 'merged' as const }
const closed = { ...facts.change, state: 'closed' as const }

const comments: [Shown, Partial<CommentFacts>, string[]][] = [
  [
    { is: 'noImage' },
    {},
    [
      `**Preview** ${badge('preview: no image yet')}`,
      '',
      `It opens at **[http://pr-3001.previews.example.com](${facts.places.preview})** once the build has pushed \`pr-3001\`. Nothing else to do.`,
    ],
  ],
  [
    { is: 'opens', commit: head },
    {},
    [
      opens,
      '',
      '| Commit | Image | First answer | Sleeps after |',
      '|---|---|---|---|',
      '| `a41f09c` | 51 MB, `0123456789ab`, 30 Nov 12:31 UTC | usually within 15 s | 10 min without a visit |',
    ],
  ],
  [
    { is: 'opens', commit: head },
    { usual: null, image: { digest: 'sha256:ab', bytes: null, created: null }, gate: 'password' },
    [
      opens,
      '',
      '| Commit | Image | To get in | Sleeps after |',
      '|---|---|---|---|',
      '| `a41f09c` | `ab` | the password of the previews | 10 min without a visit |',
    ],
  ],
  [
    { is: 'answered', commit: head, after: 11_700 },
    { gate: 'login' },
    [
      opens,
      '',
      '| Commit | Image | It answered | To get in | Sleeps after |',
      '|---|---|---|---|---|',
      '| `a41f09c` | 51 MB, `0123456789ab`, 30 Nov 12:31 UTC | after 11.7 s | a login | 10 min without a visit |',
    ],
  ],
  [
    { is: 'opens', commit: behind },
    { usual: null },
    [
      opens,
      '',
      'It shows `77be210`, **2 commits behind** `a41f09c`. It changes by itself when the build has pushed.',
      '',
      '| Commit | Image | Sleeps after |',
      '|---|---|---|',
      '| `77be210` | 51 MB, `0123456789ab`, 30 Nov 12:31 UTC | 10 min without a visit |',
    ],
  ],
  [
    { is: 'opens', commit: unknown },
    { usual: null },
    [
      opens,
      '',
      'Which commit it shows is unknown: its image needs the label `org.opencontainers.image.revision`.',
      '',
      '| Commit | Image | Sleeps after |',
      '|---|---|---|',
      '| unknown | 51 MB, `0123456789ab`, 30 Nov 12:31 UTC | 10 min without a visit |',
    ],
  ],
  [
    { is: 'failed', reason: exited, commit: head },
    {},
    [
      `**Preview did not start** ${badge('preview: failed')}`,
      '',
      `Its application ended by itself after 2 s, with exit code 1. (Commit \`a41f09c\`.) [Last lines and details](${facts.places.details}), [try again](${facts.places.preview}).`,
    ],
  ],
  [
    { is: 'asks' },
    {},
    [
      `**Preview waits for approval** ${badge('preview: waits for approval')}`,
      '',
      `The change comes from a fork. Somebody who runs the previews [looks at it and approves it](${facts.places.details}); it then opens at its address.`,
    ],
  ],
  [
    { is: 'refused' },
    {},
    ['**No preview**', '', 'The change comes from a fork, and previews of forks are not run here.'],
  ],
  [
    { is: 'over' },
    { change: merged },
    ['**Preview removed**, #3001 is merged. What it changed is in **[main](http://main.previews.example.com)**.'],
  ],
  [
    { is: 'over' },
    { change: { ...merged, base: 'release' }, sign: '!' },
    ['**Preview removed**, !3001 is merged. The preview of **[main](http://main.previews.example.com)** stays.'],
  ],
  [{ is: 'over' }, { change: closed, fallback: null }, ['**Preview removed**, #3001 is closed.']],
  [{ is: 'kept' }, { change: merged }, [`#3001 is merged; its **[preview](${facts.places.preview})** stays.`]],
]

test('a comment begins with its mark, and says what is so in each state', () => {
  for (const [shown, more, lines] of comments)
    assert.equal(
      commentOf({ ...facts, shown, ...more }),
      ['<!-- lotan:preview:todowrangler:3001 -->', ...lines].join('\n'),
      shown.is,
    )
})

test('a status says pending until an image of the head itself is there', () => {
  const cases: [Shown, string, string][] = [
    [{ is: 'noImage' }, 'pending', 'Waits for the image pr-3001'],
    [{ is: 'asks' }, 'pending', 'From a fork: it waits until somebody who runs the previews approves it'],
    [{ is: 'refused' }, 'pending', 'Previews of forks are not run here'],
    [{ is: 'opens', commit: head }, 'success', 'Opens on a click (a41f09c)'],
    [{ is: 'answered', commit: head, after: 11_700 }, 'success', 'It answered after 11.7 s (a41f09c)'],
    [{ is: 'answered', commit: head, after: null }, 'success', 'It answered (a41f09c)'],
    [{ is: 'untried', commit: head }, 'pending', 'Waits to be started once, to see whether it answers'],
    [{ is: 'answered', commit: behind, after: 1 }, 'pending', 'Shows 77be210, 2 commits behind: waits for the image of a41f09c'],
    [{ is: 'failed', reason: exited, commit: behind }, 'pending', 'Shows 77be210, 2 commits behind: waits for the image of a41f09c'],
    [
      { is: 'opens', commit: foreign },
      'pending',
      'Shows 77be210, which is not a commit of this change: waits for the image of a41f09c',
    ],
    [{ is: 'opens', commit: unknown }, 'pending', 'Commit unknown: the image needs the label org.opencontainers.image.revision'],
    [
      { is: 'opens', commit: { is: 'unread', revision: behind.revision } },
      'pending',
      'Shows 77be210: the forge has not told how it lies to a41f09c',
    ],
    [
      { is: 'failed', reason: exited, commit: head },
      'failure',
      'Did not start: Its application ended by itself after 2 s, with exit code 1.',
    ],
    [
      { is: 'failed', reason: exited, commit: unknown },
      'failure',
      'Did not start: Its application ended by itself after 2 s, with exit code 1.',
    ],
  ] // prettier-ignore
  for (const [shown, state, description] of cases) {
    const status = statusOf({ ...facts, shown, sha })
    assert.deepEqual([status?.state, status?.description], [state, description])
  }
  for (const is of ['over', 'kept'] as const) assert.equal(statusOf({ ...facts, shown: { is }, sha }), undefined)
})

test('no status is longer than a forge takes, and none holds the engine’s words or the application’s', () => {
  for (const reason of reasonCodes) {
    const full = { ...exited, code: reason, port: 80, listens: ['127.0.0.1:8080'.repeat(20)], limit: '512m' }
    const shown: Shown = { is: 'failed', reason: full, commit: head }
    const { description } = statusOf({ ...facts, shown, sha })!
    assert.ok([...description].length <= MOST_CHARACTERS, description)
    for (const text of [description, commentOf({ ...facts, shown })])
      assert.doesNotMatch(text, /secret words|more\b(?! than)/, reason)
  }
})

test('a deployment is told of the head alone, and not while nobody may run it', () => {
  const cases: [Shown, string | undefined][] = [
    [{ is: 'noImage' }, undefined],
    [{ is: 'asks' }, undefined],
    [{ is: 'opens', commit: behind }, undefined],
    [{ is: 'opens', commit: unknown }, undefined],
    [{ is: 'opens', commit: head }, 'success'],
    [{ is: 'answered', commit: head, after: 1 }, 'success'],
    [{ is: 'untried', commit: head }, 'in_progress'],
    [{ is: 'failed', reason: exited, commit: head }, 'failure'],
  ]
  for (const [shown, state] of cases) assert.equal(deploymentOf(shown), state, JSON.stringify(shown))
})

test('what others chose makes no markup and calls nobody', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      assert.doesNotMatch(plain(text), /[@\n\r`<>[\]*_|]/)
      assert.match(code(text), /^`[^`\n\r]*`$/)
    }),
  )
  const evil: Commit = { is: 'behind', revision: '`@everyone` <img> | x', commits: 1 }
  assert.match(
    commentOf({ ...facts, shown: { is: 'opens', commit: evil } }),
    /It shows `everyon`, \*\*1 commit behind\*\*/,
  )
})

test('amounts are those that people read', () => {
  assert.deepEqual(
    [seconds(400), seconds(11_740), seconds(59_960), seconds(100_000)],
    ['0.4 s', '11.7 s', '1 min', '1 min 40 s'],
  )
  assert.deepEqual(
    [within(900), within(11_700), within(61_000), within(400_000)],
    ['2 s', '15 s', '1.5 min', undefined],
  )
  assert.deepEqual(
    [size(900), size(50_600_000), size(5_060_000), size(1_200_000_000)],
    ['1 kB', '51 MB', '5.1 MB', '1.2 GB'],
  )
  assert.deepEqual(
    [builtAt('1970-01-01T00:00:00Z'), builtAt('yesterday'), builtAt(null)],
    [undefined, undefined, undefined],
  )
})
