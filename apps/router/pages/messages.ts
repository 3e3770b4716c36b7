import type { ProblemName } from '../../shared/api/problems.ts'

export interface Message {
  problem: ProblemName
  heading: string
  sentence: string
  advice?: { who: string; what: string }[]
  /** `''` leads to this page again. */
  link?: { href: string; name: string; inNewTab?: true }
}

export const messages = {
  unanswered: (tag: string): Message => ({
    problem: 'dropped',
    heading: `${tag} did not answer`,
    sentence: 'It is running, but the application dropped this request.',
    advice: [
      { who: 'If you wrote it:', what: 'its log is on the admin page.' },
      {
        who: 'If you only wanted a look:',
        what: 'load the page again. If it stays like this, tell the author of the pull request.',
      },
    ],
    link: { href: '', name: 'Load it again' },
  }),
  tooLarge: (tag: string): Message => ({
    problem: 'answer-headers-too-large',
    heading: `${tag} sent too much in its headers`,
    sentence:
      'It is running, but the response headers of the application are larger than 32 kB, the most that Lotan passes on.',
    advice: [
      { who: 'If you wrote it:', what: 'look at what it sends as Set-Cookie, Link or Content-Security-Policy.' },
      { who: 'If you only wanted a look:', what: 'tell the author of the pull request.' },
    ],
    link: { href: '', name: 'Load it again' },
  }),
  /** In a frame the login would not open: a page of another site may show none of Lotan's. */
  passNeeded: (tag: string): Message => ({
    problem: 'pass-needed',
    heading: `${tag} is behind a login`,
    sentence: 'Open it in a tab of its own to log in. Then load this page again.',
    link: { href: '/', name: `Open ${tag}`, inNewTab: true },
  }),
  codeOver: (tag: string): Message => ({
    problem: 'pass-needed',
    heading: 'This way in is over',
    sentence:
      'It worked once, within half a minute after the login. Open the preview again: if you are logged in still, it opens at once.',
    link: { href: '/', name: `Open ${tag}` },
  }),
  shareOver: (tag: string): Message => ({
    problem: 'pass-needed',
    heading: 'This link is over',
    sentence: 'It was shared until a certain time, or was taken back. Ask for another one, or log in.',
    link: { href: '/', name: `Open ${tag}` },
  }),
  unknown: (tag: string): Message => ({
    problem: 'not-known-yet',
    heading: `${tag} is not known yet`,
    sentence:
      'So many unknown tags are being asked for that not each of them can be looked up at once. The registry’s list is read again now: if there is such a tag, it opens here by itself.',
    link: { href: '', name: 'Try again' },
  }),
  /** Navigations never meet it. */
  crowded: (tag: string): Message => ({
    problem: 'crowded',
    heading: `Too many wait for ${tag}`,
    sentence: 'As many requests as this server can hold are waiting already. Send it again in a few seconds.',
  }),
  trouble: (): Message => ({
    problem: 'trouble',
    heading: 'Lotan is in trouble',
    sentence: 'Something is wrong with the server that starts previews.',
    advice: [
      { who: 'You need not do anything:', what: 'this page tries again by itself every 10 s.' },
      { who: 'If it stays like this:', what: 'tell the operator of Lotan. Its log says what is wrong.' },
    ],
    link: { href: '', name: 'Try again' },
  }),
}
