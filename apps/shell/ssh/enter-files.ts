/** Lets a client at the files of the preview that it has come for. */
import type { ShellContext } from '../context.ts'
import { enter } from '../enter.ts'
import type { Entered } from '../files/sftp.ts'
import { NoEntry } from '../no-entry.ts'
import { checkRights, previewFor, type Client } from './client.ts'
import { readUserName } from './user-name.ts'

/** SFTP has no words for how far a preview is. @throws NoEntry */
export async function enterFiles(context: ShellContext, client: Client, left: AbortSignal): Promise<Entered> {
  const asked = readUserName(client.user)
  if (asked?.is !== 'preview')
    throw new NoEntry('no-preview', `${JSON.stringify(client.user)} is no name of a preview: write TAG, TAG+SERVICE or REPOSITORY/TAG.`) // prettier-ignore
  checkRights(client)
  const { shown, service } = asked
  const preview = previewFor(context, client, shown)
  const entry = { preview, service, kind: 'files', program: 'sftp', via: 'ssh', actor: client.actor } as const
  return enter(
    context,
    entry,
    () => {},
    left,
    (session, target) => Promise.resolve({ session, target }),
  )
}
