/** One session channel of a connection: what it asks for first, and then one thing that it talks to. */
import type { Session } from 'ssh2'
import type { ShellContext } from '../context.ts'
import type { Talk } from '../sessions/talk.ts'
import { serveSftp } from '../files/sftp.ts'
import { openChannel, type SessionChannel, type Terminal } from './channel.ts'
import type { Client } from './client.ts'
import { enterFiles } from './enter-files.ts'
import { readUserName } from './user-name.ts'
import { visit } from './visit.ts'

/** As sshd's AcceptEnv of Debian; TERM comes with a terminal too. */
const TAKEN = /^(TERM|LANG|LC_[A-Z_]{1,30})$/
const MOST_VALUE = 256
const MOST_VARIABLES = 20
/** ssh's own, for what is no status of a command. */
const REFUSED = 255
const INTERRUPTED = 130

/** @param tells takes who tells its client lines about other channels of the connection */
export function serveSession(
  context: ShellContext,
  client: Client,
  session: Session,
  tells: Set<(line: string) => void>,
): void {
  const env = new Map<string, string>()
  const closed = new AbortController()
  const left = AbortSignal.any([client.left, closed.signal])
  let terminal: Terminal | null = null
  let talk: Pick<Talk, 'resize' | 'signal'> | null = null
  let hasBegun = false

  session.on('close', () => closed.abort())
  session.on('pty', (accept, reject, { term, cols, rows }) => {
    if (hasBegun) return void reject?.()
    terminal = { name: /^[\w.+-]{1,64}$/.test(term) ? term : 'dumb', size: sizeOf(cols, rows) }
    accept?.()
  })
  session.on('window-change', (accept, _reject, { cols, rows }) => {
    accept?.()
    if (!terminal) return
    terminal.size = sizeOf(cols, rows)
    talk?.resize(terminal.size)
  })
  session.on('env', (accept, reject, { key, val }) => {
    const isTaken = TAKEN.test(key) && val.length <= MOST_VALUE && !val.includes('\0') && env.size < MOST_VARIABLES
    if (!isTaken) return void reject?.()
    env.set(key, val)
    accept?.()
  })
  session.on('signal', (accept, _reject, { name }) => {
    accept?.()
    talk?.signal(name.replace(/^SIG/, ''))
  })
  // What comes before it is accepted is lost, so that this is done at once.
  session.on('shell', (accept) => begin(accept, null))
  session.on('exec', (accept, _reject, { command }) => begin(accept, command))
  session.on('sftp', (accept) => {
    if (hasBegun) return
    hasBegun = true
    serveSftp(accept(), context, enterFiles(context, client, left))
  })

  function begin(accept: () => Parameters<typeof openChannel>[0] | undefined, command: string | null) {
    if (hasBegun) return
    hasBegun = true
    const channel = accept()
    if (!channel) return
    const opened = openChannel(channel, client.socket, terminal, left)
    const tell = (line: string) => void opened.tell(line)
    tells.add(tell)
    left.addEventListener('abort', () => tells.delete(tell), { once: true })
    void serve(opened, command).catch((error: unknown) => {
      context.log.error({ error }, 'a session of SSH failed')
      void opened.exit(REFUSED)
    })
  }

  async function serve(channel: SessionChannel, command: string | null): Promise<void> {
    const asked = readUserName(client.user)
    if (asked?.is !== 'preview') {
      void channel.tell(`${JSON.stringify(client.user)} is no name of a preview: write TAG, TAG+SERVICE, REPOSITORY/TAG, or menu for a list.`) // prettier-ignore
      return channel.exit(REFUSED)
    }
    const variables = [...env].map(([name, value]) => `${name}=${value}`)
    const end = await visit(context, client, channel, {
      asked,
      command,
      env: variables,
      talksTo: (now) => void (talk = now),
    })
    switch (end.why) {
      case 'exited':
        return channel.exit(end.code)
      case 'left':
        return channel.exit(INTERRUPTED)
      case 'refused':
      case 'failed':
        return channel.exit(REFUSED)
      default:
        return channel.cut(end.why === 'stopped' ? 'KILL' : 'TERM')
    }
  }
}

/** 0 where the client does not know it. The engine takes no more than 65 535. */
function sizeOf(columns: number, rows: number): Terminal['size'] {
  const side = (value: number, usual: number) => (value > 0 ? Math.min(value, 65_535) : usual)
  return { columns: side(columns, 80), rows: side(rows, 24) }
}
