/** What a visitor gets of a preview that has nothing on HTTP: how to come in. */
import type { Config } from '../../shared/config/config.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { wayInPage } from '../pages/visitor-pages.ts'
import { spokenName } from '../words/preview-names.ts'
import { sshCommand } from '../words/way-in-words.ts'
import type { Content } from './content.ts'

/** @param details its page for those who may see more than a visitor */
export function wayInContent(id: PreviewId, config: Pick<Config, 'shell' | 'domain'>, details: string): Content {
  const command = sshCommand(id, config)
  const terminal = config.shell ? `${details}/shell` : null
  return {
    problem: 'no-web',
    pageStatus: 200,
    heading: `${spokenName(id)} has no web pages`,
    sentence: command
      ? `It is running. Come in with: ${command}`
      : terminal
        ? `It is running. Its terminal is at ${terminal}`
        : 'It is running, and this Lotan lets nobody look inside.',
    page: (brand) => wayInPage({ id, command, terminal }, brand),
  }
}
