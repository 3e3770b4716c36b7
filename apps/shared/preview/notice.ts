/** What the admin should know of a preview that works all the same. The words for it are in router/words. */
import type { Reason } from './failure-reason.ts'

export type Notice =
  | { code: 'answers-error'; status: number; path: string }
  /** It makes processes without end, and gets less of the processor. */
  | { code: 'curbed' }
  /** Its stack asks for some, and slots are ports. */
  | { code: 'no-second-hosts' }
  /** While it starts: it listens on these addresses only. */
  | { code: 'elsewhere'; port: number; listens: string[] }
  /** The container of a newer image did not come up; the one before serves on. */
  | { code: 'update-rejected'; reason: Reason }
  /** A label of its image cannot be had as it asks, in the words of the setting that it is measured by. */
  | { code: 'label'; text: string }
  /** As an earlier Lotan wrote it. */
  | { code: 'text'; text: string }

/** The same array where nothing changes. */
export function withCurbed(notices: readonly Notice[], curbed: boolean): readonly Notice[] {
  if (notices.some(({ code }) => code === 'curbed') === curbed) return notices
  return curbed ? [...notices, { code: 'curbed' }] : notices.filter(({ code }) => code !== 'curbed')
}

/** The same array where nothing changes. */
export function withElsewhere(notices: readonly Notice[], port: number, listens: readonly string[]): readonly Notice[] {
  const others = notices.filter(({ code }) => code !== 'elsewhere')
  if (listens.length > 0) return [...others, { code: 'elsewhere', port, listens: [...listens] }]
  return others.length < notices.length ? others : notices
}
