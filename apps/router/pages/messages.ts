import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { ProblemName } from '../../shared/api/problems.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { spokenName } from '../words/preview-names.ts'

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

/** The tag, where the heading begins with it. */
function inHeading(id: PreviewId, service: string | null): Pick<Message, 'tag'> {
  return service === null ? { tag: shownTag(splitId(id).tag) } : {}
}

export const messages = {
  unanswered: (id: PreviewId, service: string | null = null): Message => ({
    problem: 'dropped',
    ...inHeading(id, service),
    heading: `${spokenName(id, service)} did not answer`,
    sentence: `It is running, but the ${service === null ? 'application' : 'service'} dropped this request.`,
    advice: [{ who: 'Still the same?', what: 'Tell whoever pushed it.' }],
    link: { href: '', name: 'Load it again' },
  }),
  tooLarge: (id: PreviewId, service: string | null = null): Message => ({
    problem: 'answer-headers-too-large',
    ...inHeading(id, service),
    heading: `${spokenName(id, service)} sent too much in its headers`,
    sentence: `It is running, but the response headers of the ${
      service === null ? 'application' : 'service'
    } are larger than 32 kB, the most that Lotan passes on.`,
    advice: [
      {
        who: 'Tell whoever pushed it:',
        what: 'Set-Cookie, Link or Content-Security-Policy is mostly what is that long.',
      },
    ],
  }),
  /** In a frame the login would not open: a page of another site may show none of Lotan's. */
  passNeeded: (id: PreviewId): Message => ({
    problem: 'pass-needed',
    tag: shownTag(splitId(id).tag),
    heading: `${spokenName(id)} is behind a login`,
    sentence: 'Open it in a tab of its own to log in. Then load this page again.',
    link: { href: '/', name: `Open ${spokenName(id)}`, inNewTab: true },
  }),
  codeOver: (id: PreviewId): Message => ({
    problem: 'pass-needed',
    heading: 'This way in has ended',
    sentence:
      'It worked once, within half a minute after the login. Open the preview again: if you are logged in still, it opens at once.',
    link: { href: '/', name: `Open ${spokenName(id)}` },
  }),
  shareOver: (): Message => ({
    problem: 'pass-needed',
    heading: 'This link has ended',
    sentence: 'It was shared until a certain time, or was taken back. Ask for another one, or log in.',
    link: { href: '/', name: 'I have a login' },
  }),
  unknown: (id: PreviewId): Message => ({
    problem: 'not-known-yet',
    tag: shownTag(splitId(id).tag),
    heading: `${spokenName(id)} is not known yet`,
    sentence:
      'So many unknown tags are being asked for that not each of them can be looked up at once. The registry’s list is read again now: if there is such a tag, it opens here by itself.',
    link: { href: '', name: 'Try again' },
  }),
  noCopy: (id: PreviewId): Message => ({
    problem: 'no-such-tag',
    tag: shownTag(splitId(id).tag),
    heading: `There is no ${spokenName(id)}`,
    sentence: 'It was a copy of a preview that was removed, or there never was one of this name.',
    link: { href: '', name: 'Look again' },
  }),
  /** Navigations never meet it. */
  crowded: (id: PreviewId): Message => ({
    problem: 'crowded',
    tag: shownTag(splitId(id).tag),
    heading: `Too many wait for ${spokenName(id)}`,
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
