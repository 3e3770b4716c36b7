import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { KnownChange } from '../../shared/forge/change.ts'
import { anyText } from '../../testing/arbitraries/texts.ts'
import { explainChange } from '../explain/explain-change.ts'
import { aboutPage } from '../pages/about-page.ts'
import { change as usual, pulling, tag, told } from '../pages/harness.ts'
import { changeCellOf } from '../pages/list/change-cell.ts'
import { part } from '../pages/views.ts'
import { waitingPage } from '../pages/visitor-pages.ts'
import { changeLine, changeWords } from './change-words.ts'

const now = 1_800_000_000_000
const revision = 'a41f09c0ffee1234'
const labels = { 'org.opencontainers.image.revision': revision }
const image = { id: 'sha256:a', digest: null, pulled: true, bytes: 1, created: null, labels, ports: [] }
const preview = { ...pulling, image }

test('a line about a change, and how its image lies to it', () => {
  const words = changeWords(usual, revision, 'github')
  assert.equal(changeLine(words), '#3001 Change the banner, by anna')
  assert.deepEqual(
    [words.standing, words.behind, words.commit],
    ['open, from a fork', '2 behind', '2 commits behind 77be210000'],
  )
  const of = (revision: string | null, more: Partial<KnownChange> = {}) =>
    changeWords({ ...usual, ...more }, revision, 'gitlab')
  assert.equal(of(null).commit, 'commit unknown')
  assert.equal(of('0123456').commit, 'whether it is behind 77be210000 is not known')
  assert.deepEqual([of('77be210').commit, of('77be210').behind], ['its newest commit', ''])
  assert.equal(changeLine(of(null, { title: ' ', author: '' })), '!3001')
  assert.equal(of(null, { url: 'javascript:alert(1)' }).href, '')
})

test('a row says so too, with all of it in its tooltip, and a closed one’s state', () => {
  const cell = (more: Partial<KnownChange> = {}) => changeCellOf(preview, { ...usual, ...more }, 'github', now)
  const { text, title, behind, author, over, tip } = cell()
  assert.deepEqual(
    [text, title, behind, author, over],
    ['#3001 Change the banner', 'Change the banner', '2 behind', 'anna', ''],
  )
  assert.equal(tip, `#3001 Change the banner, by anna; open, from a fork, feature/banner; 2 commits behind 77be210000; sha256:a; revision ${revision}`) // prettier-ignore
  assert.equal(cell({ state: 'merged' }).over, 'merged')
})

test('an explanation says who tells of the change, and of the commit', () => {
  const { words, source, behind } = explainChange(preview, usual, 'gitea')!
  assert.deepEqual([source, behind], ['gitea', 2])
  assert.equal(
    words,
    'It shows #3001 Change the banner, by anna: open, from a fork, branch feature/banner, as Gitea tells it. ' +
      'Its image is of a41f09c0ff, by the label org.opencontainers.image.revision: 2 commits behind 77be210000.',
  )
  assert.match(explainChange({ ...preview, image: { ...image, labels: {} } }, usual, 'gitea')!.words, /is not known: it has no label/) // prettier-ignore
  assert.equal(explainChange(preview, null, 'gitea'), null)
})

describe('whatever a title, an author and a branch are', () => {
  const brand = { name: null, application: 'app', logo: null, logoData: null }
  const timeouts = { stopAfter: 1, pauseAfter: null, rmiAfter: 1, prepulls: () => false }
  const about = { id: tag, isMissing: false, timeouts, pass: undefined, forge: 'github', details: '', now } as const
  const row = { id: tag, of: '', tag, path: '', url: '', state: 'pulling', kind: '', percent: 1, what: '', isSlow: false, lastSeen: '', memory: '', beside: { names: '', failing: '' }, copyOf: null, next: null, isPinned: false, main: { to: 'stop', name: 'Stop' }, actions: [], version: '' } // prettier-ignore
  const views: Record<string, (change: KnownChange) => string> = {
    'a waiting page': (change) =>
      waitingPage({ told: told(preview), uri: '/', change: changeWords(change, null, 'github') }, brand).html,
    'the page about a preview': (change) => aboutPage({ ...about, preview, change }, brand).html,
    'a row': (change) => part('row', { row: { ...row, change: changeCellOf(preview, change, 'github', now) } }),
  }
  const tagsOf = (html: string) => html.replace(/nonce="[^"]*"/g, '').match(/<[a-z!/][^>]*?(?=[\s>])/gi)

  for (const [name, view] of Object.entries(views))
    test(`${name} has the same markup, and no control character`, () => {
      const markup = tagsOf(view(usual))
      fc.assert(
        fc.property(anyText, anyText, anyText, (title, author, branch) => {
          const html = view({ ...usual, title: `t${title}`, author: `a${author}`, branch })
          assert.ok(html.isWellFormed())
          assert.doesNotMatch(html, /[^\P{Cc}\n\t]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u)
          assert.deepEqual(tagsOf(html), markup)
        }),
        { numRuns: 60 },
      )
    })
})
