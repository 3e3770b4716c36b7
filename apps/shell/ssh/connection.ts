/** What a connection may ask for, once it is known whose it is. Agents, X11 and remote forwarding are refused. */
import type { Connection } from 'ssh2'
import type { ShellContext } from '../context.ts'
import type { Client } from './client.ts'
import { serveForwards } from './forwards.ts'
import { serveSession } from './session.ts'

/** Of one connection, at once. */
const MOST_CHANNELS = 100

export function serveConnection(context: ShellContext, connection: Connection, client: Client): void {
  let channels = 0
  const tells = new Set<(line: string) => void>()
  serveForwards(context, connection, client, (line) => {
    for (const tell of tells) tell(line)
  })
  connection.on('session', (accept, reject) => {
    if (channels >= MOST_CHANNELS) return reject()
    channels++
    const session = accept()
    session.once('close', () => void channels--)
    serveSession(context, client, session, tells)
  })
}
