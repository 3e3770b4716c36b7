import type { ProblemName } from '../../shared/api/problems.ts'

export interface Message {
  problem: ProblemName
  /** Stands in the heading. */
  tag?: string
  heading: string
  sentence: string
  advice?: { who: string; what: string }[]
  /** `''` leads to this page again. */
  link?: { href: string; name: string; inNewTab?: true }
}

export const messages = {
  unanswered: (tag: string): Message => ({
    problem: 'dropped',
    tag,
    heading: `${tag} did not answer`,
    sentence: 'It is running, but the application dropped this request.',
    advice: [{ who: 'Still the same?', what: 'Tell whoever pushed it.' }],
    link: { href: '', name: 'Load it again' },
  }),
  tooLarge: (tag: string): Message => ({
    problem: 'answer-headers-too-large',
    tag,
    heading: `${tag} sent too much in its headers`,
    sentence:
      'It is running, but the response headers of the application are larger than 32 kB, the most that Lotan passes on.',
    advice: [
      {
        who: 'Tell whoever pushed it:',
        what: 'Set-Cookie, Link or Content-Security-Policy is mostly what is that long.',
      },
    ],
  }),
  /** In a frame the login would not open: a page of another site may show none of Lotan's. */
  passNeeded: (tag: string): Message => ({
    problem: 'pass-needed',
    tag,
    heading: `${tag} is behind a login`,
    sentence: 'Open it in a tab of its own to log in. Then load this page again.',
    link: { href: '/', name: `Open ${tag}`, inNewTab: true },
  }),
  codeOver: (tag: string): Message => ({
    problem: 'pass-needed',
    heading: 'This way in has ended',
    sentence:
      'It worked once, within half a minute after the login. Open the preview again: if you are logged in still, it opens at once.',
    link: { href: '/', name: `Open ${tag}` },
  }),
  shareOver: (): Message => ({
    problem: 'pass-needed',
    heading: 'This link has ended',
    sentence: 'It was shared until a certain time, or was taken back. Ask for another one, or log in.',
    link: { href: '/', name: 'I have a login' },
  }),
  unknown: (tag: string): Message => ({
    problem: 'not-known-yet',
    tag,
    heading: `${tag} is not known yet`,
    sentence:
      'So many unknown tags are being asked for that not each of them can be looked up at once. The registry’s list is read again now: if there is such a tag, it opens here by itself.',
    link: { href: '', name: 'Try again' },
  }),
  /** Navigations never meet it. */
  crowded: (tag: string): Message => ({
    problem: 'crowded',
    tag,
    heading: `Too many wait for ${tag}`,
    sentence: 'As many requests as this server can hold are waiting already. Send it again in a few seconds.',
  }),
  trouble: (): Message => ({
    problem: 'trouble',
    heading: 'Lotan is in trouble',
    sentence: 'Something is wrong with the server that starts previews.',
    advice: [
      { who: 'Nothing to do:', what: 'this page tries again by itself every 10\u00a0s.' },
      { who: 'Still the same?', what: 'Tell whoever runs Lotan; its log says what is wrong.' },
    ],
  }),
}
